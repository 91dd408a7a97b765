//! The widget's modules joined into the few files that a browser fetches: what every page needs, and
//! one file for each part that is fetched when it is first used.
//!
//! The modules stay as they were written, plain JavaScript that a browser takes file by file; this
//! only spares it requests and comments. It knows the house style of `assets/widget` (an import is
//! one line, names at the top of files differ), not JavaScript.

use std::collections::{BTreeMap, BTreeSet};

/// One module: what it brings in, and the rest.
struct Module {
    imports: Vec<Import>,
    code: String,
}

struct Import {
    /// `{ a, b }` as `a` and `b`; one name without braces is the default export.
    names: Vec<String>,
    default: bool,
    from: String,
}

/// The files to serve, by path. `entry` is the file that pages load; `modules` are all there are.
pub fn bundle(entry: &str, modules: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let parsed: BTreeMap<&str, Module> = modules
        .iter()
        .map(|(path, source)| (path.as_str(), parse(path, source)))
        .collect();
    let core = closure(entry, &parsed, &[]);
    let mut files = BTreeMap::new();
    // Whatever is no part of another file is one of its own: languages are fetched by name.
    let mut alone: BTreeSet<&str> = parsed.keys().copied().collect();
    let mut roots = vec![entry];
    while let Some(root) = roots.pop() {
        if files.contains_key(root) {
            continue;
        }
        let members = if root == entry {
            core.clone()
        } else {
            closure(root, &parsed, &core)
        };
        for member in &members {
            alone.remove(member);
            roots.extend(fetched_later(&parsed[member].code).filter_map(|path| {
                let path = resolve(member, path);
                parsed.get_key_value(path.as_str()).map(|(path, _)| *path)
            }));
        }
        files.insert(root.to_owned(), joined(entry, &members, &core, &parsed));
    }
    for path in alone {
        files.insert(path.to_owned(), parsed[path].code.clone());
    }
    files
}

/// A module and all it imports, each after what it needs; `without` are loaded already.
fn closure<'a>(
    root: &'a str,
    parsed: &'a BTreeMap<&str, Module>,
    without: &[&str],
) -> Vec<&'a str> {
    fn visit<'a>(
        path: &'a str,
        parsed: &'a BTreeMap<&str, Module>,
        seen: &mut BTreeSet<&'a str>,
        order: &mut Vec<&'a str>,
    ) {
        let Some(module) = parsed.get(path) else {
            return;
        };
        if !seen.insert(path) {
            return;
        }
        for import in &module.imports {
            visit(&import.from, parsed, seen, order);
        }
        order.push(path);
    }
    let mut order = Vec::new();
    visit(root, parsed, &mut BTreeSet::new(), &mut order);
    order.retain(|path| !without.contains(path));
    order
}

/// The members' code in one file, which takes from the entry what is there already.
fn joined(entry: &str, members: &[&str], core: &[&str], parsed: &BTreeMap<&str, Module>) -> String {
    let imports = || members.iter().flat_map(|member| &parsed[member].imports);
    let shared: BTreeSet<&str> = imports()
        .filter(|import| {
            !members.contains(&import.from.as_str()) && core.contains(&import.from.as_str())
        })
        .flat_map(|import| import.names.iter().map(String::as_str))
        .collect();
    let mut file = String::new();
    if !shared.is_empty() {
        let names: Vec<&str> = shared.into_iter().collect();
        file.push_str(&format!(
            "import {{ {} }} from \"./{entry}\";\n",
            names.join(", ")
        ));
    }
    for member in members {
        let name = imports()
            .find(|import| import.default && import.from == *member)
            .and_then(|import| import.names.first());
        match name {
            Some(name) => {
                let named = format!("const {name} = ");
                file.push_str(&parsed[member].code.replacen("export default ", &named, 1));
            }
            None => file.push_str(&parsed[member].code),
        }
    }
    file
}

fn parse(path: &str, source: &str) -> Module {
    let mut imports = Vec::new();
    let mut code = String::new();
    for line in without_comments(source).lines() {
        let line = line.trim();
        if let Some(import) = import(path, line) {
            imports.push(import);
        } else if !line.is_empty() && !line.starts_with("//") {
            code.push_str(line);
            code.push('\n');
        }
    }
    Module { imports, code }
}

fn import(path: &str, line: &str) -> Option<Import> {
    let (names, from) = line
        .strip_prefix("import ")?
        .strip_suffix("\";")?
        .split_once(" from \"")?;
    let inner = names
        .strip_prefix("{ ")
        .and_then(|rest| rest.strip_suffix(" }"));
    Some(Import {
        names: inner
            .unwrap_or(names)
            .split(", ")
            .map(str::to_owned)
            .collect(),
        default: inner.is_none(),
        from: resolve(path, from),
    })
}

/// Doc comments hold types as well as words; neither is for browsers.
fn without_comments(source: &str) -> String {
    let mut rest = source;
    let mut code = String::with_capacity(source.len());
    while let Some((before, comment)) = rest.split_once("/**") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    code
}

/// The addresses in `import("./x.js")`.
fn fetched_later(code: &str) -> impl Iterator<Item = &str> {
    code.split("import(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"').map(|(address, _)| address))
}

/// `./x.js` as seen from a module, as a path below the widget's folder.
fn resolve(path: &str, address: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in address.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(modules: &[(&str, &str)]) -> BTreeMap<String, String> {
        let modules = modules
            .iter()
            .map(|(path, source)| ((*path).to_owned(), (*source).to_owned()))
            .collect();
        bundle("main.js", &modules)
    }

    #[test]
    fn what_a_page_needs_comes_in_one_file_and_each_part_after_what_it_needs() {
        let files = files(&[
            (
                "main.js",
                "import { a } from \"./a.js\";\nimport words from \"./words/en.js\";\nuse(a, words);\n",
            ),
            ("a.js", "/** Says a. */\nexport const a = 1;\n"),
            ("words/en.js", "export default { yes: \"yes\" };\n"),
            ("words/ur.js", "export default { yes: \"جی\" };\n"),
        ]);
        assert_eq!(
            files["main.js"],
            "export const a = 1;\nconst words = { yes: \"yes\" };\nuse(a, words);\n"
        );
        assert_eq!(files["words/ur.js"], "export default { yes: \"جی\" };\n");
        assert_eq!(files.len(), 2);
    }

    #[test]
    fn a_part_fetched_later_takes_what_is_loaded_already_from_the_first_file() {
        let files = files(&[
            (
                "main.js",
                "import { a } from \"./a.js\";\nconst later = () => import(\"./later.js\");\n",
            ),
            ("a.js", "export const a = 1, c = 3;\n"),
            (
                "later.js",
                "import { a, c } from \"./a.js\";\nimport { b } from \"./b.js\";\nexport const sum = a + b + c;\n",
            ),
            (
                "b.js",
                "import { a } from \"./a.js\";\nexport const b = a;\n",
            ),
        ]);
        assert_eq!(
            files["later.js"],
            "import { a, c } from \"./main.js\";\nexport const b = a;\nexport const sum = a + b + c;\n"
        );
        assert!(!files.contains_key("b.js"));
    }

    #[test]
    fn types_in_comments_are_left_out_and_the_code_after_them_kept() {
        let files = files(&[(
            "main.js",
            "/**\n * @param {string} x\n */\nfunction f(x) {\n  // why\n  return /** @type {any} */ (x) || \"https://x\";\n}\n",
        )]);
        assert_eq!(
            files["main.js"],
            "function f(x) {\nreturn  (x) || \"https://x\";\n}\n"
        );
    }
}
