//! Who may import whom.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use crate::house::{assert_none, crates, files, name, place, sources, stages};
use crate::source::code;

/// Code of q1 outside the folders that a first reading skips, at most.
const Q1_CODE_MAX: usize = 700;

/// The modules of a crate that a source of it imports, as paths such as `armour::backlog`.
fn imports(text: &str, modules: &[String]) -> Vec<String> {
    let all = code(text).join("\n");
    let mut found = Vec::new();
    for (at, prefix) in all.match_indices("crate::") {
        let rest = &all[at + prefix.len()..];
        // `use crate::{a, b::c}` names several.
        let group = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        for path in group.map_or(rest, |(group, _)| group).split(',') {
            let is_path = |letter: char| letter.is_alphanumeric() || "_:".contains(letter);
            let end = path.trim_start().find(|letter| !is_path(letter));
            let path = &path.trim_start()[..end.unwrap_or(path.trim_start().len())];
            let fits = |module: &&String| {
                let rest = path.strip_prefix(module.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            found.extend(modules.iter().filter(fits).max_by_key(|module| module.len()).cloned());
            if group.is_none() {
                break;
            }
        }
    }
    found
}

#[test]
fn imports_are_found_alone_and_in_groups() {
    let modules = ["a", "a::b", "c", "d"].map(str::to_owned);
    let text =
        "use crate::a::b::Thing;\nuse crate::{c, d::X};\n// crate::a\nlet x = crate::PACKAGE;\n";
    assert_eq!(imports(text, &modules), ["a::b", "c", "d"]);
}

/// Each source below a crate's `src`, by module path; `lib.rs` and programs are left out.
fn modules(folder: &Path) -> Vec<(String, String)> {
    let src = folder.join("src");
    let sources = files(&src, "rs").into_iter().filter_map(|path| {
        let module = path.strip_prefix(&src).unwrap().with_extension("");
        let module = module.display().to_string().replace('/', "::");
        let is_module = !module.starts_with("bin::") && module != "lib" && module != "main";
        is_module.then(|| (module, fs::read_to_string(&path).unwrap()))
    });
    sources.collect()
}

/// The modules that a module imports, without itself.
fn others(module: &str, text: &str, modules: &[String]) -> Vec<String> {
    let mut imported = imports(text, modules);
    imported.retain(|other| other != module);
    imported
}

#[test]
fn no_crate_has_a_circle_of_imports() {
    let mut circles = Vec::new();
    for folder in crates() {
        let sources = modules(&folder);
        let names: Vec<String> = sources.iter().map(|(module, _)| module.clone()).collect();
        let edges: HashMap<&String, Vec<String>> =
            sources.iter().map(|(module, text)| (module, others(module, text, &names))).collect();
        for begin in &names {
            let (mut seen, mut open) = (HashSet::new(), edges[begin].clone());
            while let Some(module) = open.pop() {
                if module == *begin {
                    circles.push(format!("{}: {begin}", name(&folder)));
                    break;
                }
                if seen.insert(module.clone()) {
                    open.extend(edges[&module].iter().cloned());
                }
            }
        }
    }
    assert_none("modules on a circle of `use crate::`", circles);
}

#[test]
fn only_server_channel_and_client_put_the_armour_on() {
    let mut found = Vec::new();
    let mut q1 = 0;
    for stage in stages() {
        let sources = modules(&stage);
        let names: Vec<String> = sources.iter().map(|(module, _)| module.clone()).collect();
        for (module, text) in &sources {
            let may =
                ["server", "channel", "stream", "client", "armour"].contains(&module.as_str());
            let is_armour = module.starts_with("armour::");
            let armoured = imports(text, &names).into_iter().any(|path| path.starts_with("armour"));
            if armoured && !may && !is_armour {
                found.push(format!("{}: {module}", name(&stage)));
            }
            let is_skipped =
                ["armour", "process", "sys"].iter().any(|room| module.starts_with(room));
            if name(&stage) == "q1-pipes" && !is_skipped {
                q1 += code(text).len();
            }
        }
    }
    assert_none("imports the armour", found);
    assert!(q1 <= Q1_CODE_MAX, "q1 has {q1} lines outside of armour, process and sys.rs");
}

#[test]
fn each_file_of_the_armour_names_the_check_that_it_stops() {
    let all: Vec<String> = sources().into_iter().map(|(_, text)| text).collect();
    let armour = stages().into_iter().flat_map(|stage| files(&stage.join("src/armour"), "rs"));
    let silent = armour.filter(|path| {
        let text = fs::read_to_string(path).unwrap();
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let head = head.join(" ");
        let named = head.split('`').skip(1).step_by(2).filter_map(|span| span.rsplit("::").next());
        let is_test = |name: &str| {
            // As a function, or as a row of a table of checks.
            let forms = [format!("fn {name}("), format!("        {name},\n")];
            name.split('_').count() > 3 && all.iter().any(|t| forms.iter().any(|f| t.contains(f)))
        };
        !head.to_lowercase().contains("stops") || !named.into_iter().any(is_test)
    });
    assert_none("its head names no check", silent.map(|path| place(&path, 1)));
}
