import type {ReactNode} from 'react';
import Link from '@docusaurus/Link';
import Translate, {translate} from '@docusaurus/Translate';
import CodeBlock from '@theme/CodeBlock';
import Heading from '@theme/Heading';
import Layout from '@theme/Layout';

import styles from './index.module.css';

const COMMANDS = `cargo build --release
./target/release/rag-chatbot --data ./docs`;

type Feature = {title: ReactNode; text: ReactNode; to: string};

const features: Feature[] = [
  {
    to: '/docs/start/one-minute',
    title: <Translate id="home.feature.offline.title">Nothing to sign up for</Translate>,
    text: (
      <Translate id="home.feature.offline.text">
        One program and your folder. The language model that finds passages is inside, so it works without a key, without a
        network and without another process.
      </Translate>
    ),
  },
  {
    to: '/docs/using/chat',
    title: <Translate id="home.feature.cited.title">Every answer shows its place</Translate>,
    text: (
      <Translate id="home.feature.cited.text">
        Each statement links to the heading it was taken from. When the documentation does not say, the chat says so and names
        the nearest pages.
      </Translate>
    ),
  },
  {
    to: '/docs/quality/measuring',
    title: <Translate id="home.feature.languages.title">English and Urdu, and across</Translate>,
    text: (
      <Translate id="home.feature.languages.text">
        Ask in one language about pages written in the other. Urdu is read as Urdu: spelling variants, mixed Latin terms and
        right-to-left text are handled with care.
      </Translate>
    ),
  },
  {
    to: '/docs/setup/your-docs',
    title: <Translate id="home.feature.docusaurus.title">At home in Docusaurus</Translate>,
    text: (
      <Translate id="home.feature.docusaurus.text">
        Point it at a project and it knows the routes, heading ids, versions and translations. Any folder of Markdown, MDX, HTML
        or text will do as well.
      </Translate>
    ),
  },
  {
    to: '/docs/start/with-a-model',
    title: <Translate id="home.feature.model.title">Your model, if you want one</Translate>,
    text: (
      <Translate id="home.feature.model.text">
        With a key or the address of any OpenAI-compatible server, answers are written by the model from the same passages, and
        streamed. If it fails, quoted answers take over.
      </Translate>
    ),
  },
  {
    to: '/docs/using/privacy',
    title: <Translate id="home.feature.privacy.title">Readers stay private</Translate>,
    text: (
      <Translate id="home.feature.privacy.text">
        No analytics, no fonts or scripts from elsewhere. A conversation belongs to the reader who had it, expires by itself, and
        can be deleted at any time.
      </Translate>
    ),
  },
];

function Hero(): ReactNode {
  return (
    <header className={styles.hero}>
      <div className="container">
        <div className={styles.columns}>
          <div>
            <Heading as="h1" className={styles.title}>
              <Translate id="home.title">Documentation you can talk to</Translate>
            </Heading>
            <p className={styles.lead}>
              <Translate id="home.lead">
                rag-chatbot turns a folder of documentation into a site that answers questions, in English and Urdu, with a link
                to the exact heading for every statement.
              </Translate>
            </p>
            <div className={styles.actions}>
              <Link className="button button--primary button--lg" to="/docs/start/one-minute">
                <Translate id="home.action.start">Start in a minute</Translate>
              </Link>
              <Link className="button button--outline button--primary button--lg" to="/docs">
                <Translate id="home.action.handbook">Read the handbook</Translate>
              </Link>
            </div>
          </div>
          <div className={styles.terminal}>
            <CodeBlock language="bash" title={translate({id: 'home.commands', message: 'Two commands'})}>
              {COMMANDS}
            </CodeBlock>
            <p className={styles.after}>
              <Translate id="home.after">Then open http://127.0.0.1:8080 and ask.</Translate>
            </p>
          </div>
        </div>
      </div>
    </header>
  );
}

export default function Home(): ReactNode {
  return (
    <Layout
      description={translate({
        id: 'home.description',
        message:
          'One program that turns a folder of documentation into a site you can talk to: cited answers, English and Urdu, no key and no network needed.',
      })}>
      <Hero />
      <main className="container">
        <ul className={styles.features}>
          {features.map((feature) => (
            <li key={feature.to} className={styles.feature}>
              <Heading as="h2" className={styles.featureTitle}>
                <Link to={feature.to}>{feature.title}</Link>
              </Heading>
              <p>{feature.text}</p>
            </li>
          ))}
        </ul>
      </main>
    </Layout>
  );
}
