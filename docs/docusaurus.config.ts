import {existsSync} from 'node:fs';
import path from 'node:path';

import type {Config} from '@docusaurus/types';
import type {Options as DocsOptions} from '@docusaurus/plugin-content-docs';
import type {Options as PagesOptions} from '@docusaurus/plugin-content-pages';
import type {Options as ThemeOptions} from '@docusaurus/theme-classic';
import type {UserThemeConfig as ThemeConfig} from '@docusaurus/theme-common';

import {darkCode, lightCode} from './src/code-colours';

// The textbook is a folder of its own; without it the handbook still builds.
const hasTextbook = existsSync(path.join(__dirname, 'docs/textbook'));

// On GitHub Pages the site lies under the repository's name, and the chat is on a server of its own.
const url = process.env.DOCS_URL ?? 'http://127.0.0.1:8080';
const baseUrl = process.env.DOCS_BASE ?? '/';
const chat = process.env.CHAT_API;

const config: Config = {
  title: 'rag-chatbot',
  tagline: 'Documentation you can talk to',
  favicon: 'img/logo.svg',

  // Only the sitemap and canonical links need a host; nothing is loaded from it.
  url,
  baseUrl,
  scripts: chat
    ? [{src: `${chat}_rag/widget.js`, type: 'module', 'data-api': chat, 'data-site': `${url}${baseUrl}`}]
    : [],

  onBrokenLinks: 'throw',
  onBrokenAnchors: 'throw',
  onDuplicateRoutes: 'throw',
  markdown: {
    hooks: {
      onBrokenMarkdownLinks: 'throw',
      onBrokenMarkdownImages: 'throw',
    },
  },

  i18n: {
    defaultLocale: 'en',
    locales: ['en', 'ur'],
    localeConfigs: {
      en: {label: 'English', htmlLang: 'en'},
      ur: {label: 'اردو', htmlLang: 'ur', direction: 'rtl'},
    },
  },

  // The parts of preset-classic that this site uses, and no others.
  plugins: [
    [
      '@docusaurus/plugin-content-docs',
      {
        path: 'docs',
        routeBasePath: 'docs',
        sidebarPath: './sidebars.ts',
        breadcrumbs: true,
      } satisfies DocsOptions,
    ],
    ['@docusaurus/plugin-content-pages', {} satisfies PagesOptions],
    ['@docusaurus/plugin-sitemap', {}],
    ['@docusaurus/plugin-svgr', {}],
  ],
  themes: [
    [
      '@docusaurus/theme-classic',
      {customCss: './src/css/custom.css'} satisfies ThemeOptions,
    ],
  ],

  themeConfig: {
    colorMode: {respectPrefersColorScheme: true},
    docs: {sidebar: {hideable: true}},
    navbar: {
      title: 'rag-chatbot',
      logo: {alt: '', src: 'img/logo.svg', width: 32, height: 32},
      items: [
        {type: 'docSidebar', sidebarId: 'handbook', label: 'Handbook', position: 'left'},
        ...(hasTextbook
          ? [{type: 'docSidebar', sidebarId: 'textbook', label: 'Textbook', position: 'left' as const}]
          : []),
        {type: 'localeDropdown', position: 'right'},
      ],
    },
    footer: {
      links: [
        {
          title: 'Begin',
          items: [
            {label: 'Start in a minute', to: '/docs/start/one-minute'},
            {label: 'Use the chat', to: '/docs/using/chat'},
            {label: 'Your own docs', to: '/docs/setup/your-docs'},
          ],
        },
        {
          title: 'Look up',
          items: [
            {label: 'Configuration', to: '/docs/setup/configuration'},
            {label: 'HTTP API', to: '/docs/reference/http-api'},
            {label: 'Troubleshooting', to: '/docs/help/troubleshooting'},
          ],
        },
        {
          title: 'Understand',
          items: [
            {label: 'Architecture', to: '/docs/architecture/overview'},
            {label: 'Quality', to: '/docs/quality/measuring'},
            {label: 'Privacy', to: '/docs/using/privacy'},
          ],
        },
      ],
      copyright: 'Apache License 2.0. This site loads nothing from anywhere else.',
    },
    prism: {
      theme: lightCode,
      darkTheme: darkCode,
      additionalLanguages: ['bash', 'json', 'toml', 'python', 'cpp', 'yaml', 'rust', 'nginx'],
    },
  } satisfies ThemeConfig,
};

export default config;
