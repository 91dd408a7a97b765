//! Configurations as people write them, and broken ones.

use super::{Js, exported_object};

#[test]
fn a_configuration_in_typescript_is_read_without_running_it() {
    let source = r#"
import type {Config} from '@docusaurus/types';
const base = '/site/'; // where it lives
const config: Config = {
  title: 'My \'Site\'',
  baseUrl: base,
  url: process.env.URL ?? 'https://example.com',
  tagline: `a ${title}`,
  i18n: {defaultLocale: 'en', locales: ['en', "ur"]},
  presets: [['classic', {docs: {path: '../docs', sidebarPath: require.resolve('./sidebars.js'), editUrl: ({a}) => `x${a}`,
     versions: {current: {label: 'Next', path: 'next'}}, onlyIncludeVersions: ['current']}, blog: false} satisfies Preset.Options]],
};
export default config;
"#;
    let config = exported_object(source).expect("the object is exported");
    assert_eq!(config.get("title"), Some(&Js::Text("My 'Site'".into())));
    assert_eq!(config.get("baseUrl"), Some(&Js::Text("/site/".into())));
    assert_eq!(
        config.get("url"),
        Some(&Js::Text("https://example.com".into()))
    );
    assert_eq!(config.get("tagline"), Some(&Js::Unknown));
    let preset = &config.get("presets").expect("presets").list()[0];
    let docs = preset.list()[1].get("docs").expect("docs");
    assert_eq!(docs.get("path"), Some(&Js::Text("../docs".into())));
    assert_eq!(
        docs.get("sidebarPath"),
        Some(&Js::Text("./sidebars.js".into()))
    );
    assert_eq!(docs.get("editUrl"), Some(&Js::Unknown));
    assert_eq!(
        docs.get("versions")
            .and_then(|v| v.get("current"))
            .and_then(|v| v.get("path")),
        Some(&Js::Text("next".into()))
    );
    assert_eq!(preset.list()[1].get("blog"), Some(&Js::Bool(false)));
}

#[test]
fn a_broken_configuration_ends() {
    for source in [
        "export default {",
        "module.exports = [[[[",
        "export default {a: 'x",
        "return { title: }",
        "export default {title: ((((",
    ] {
        let _ = exported_object(source);
    }
    let deep = format!("export default {}", "[".repeat(100_000));
    let _ = exported_object(&deep);
}
