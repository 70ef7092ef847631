//! What a client's user can do when no server of the client's stage is to be found in DIR.

use std::path::Path;

use crate::lock::Holder;
use crate::process;

/// The next step, in parentheses; `holder` is what the lock file of DIR says, `package` the
/// client's stage.
pub fn no_server(dir: &Path, holder: Option<&Holder>, package: &str) -> String {
    match holder {
        Some(Holder { pid, package: other, .. }) if process::is_alive(*pid) => {
            if other == package {
                format!("({package}, process {pid}, is starting or stopping: try again)")
            } else {
                format!("({other}, process {pid}, runs there: use its client)")
            }
        }
        _ => {
            let package = holder.map_or(package, |holder| &holder.package);
            let dir = dir.display();
            format!(
                "(is the server running? start it with: cargo run -p {package} --bin server -- --dir {dir})"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_depends_on_who_holds_the_directory() {
        let hint = |pid: u32, package: &str| {
            let holder = Holder { pid: pid as i32, package: package.into(), objects: vec![] };
            no_server(Path::new("run"), Some(&holder), "q8-mine")
        };
        let me = std::process::id();
        assert_eq!(hint(me, "q9"), format!("(q9, process {me}, runs there: use its client)"));
        assert!(hint(me, "q8-mine").contains("is starting or stopping"));
        assert!(hint(i32::MAX as u32, "q9").contains("cargo run -p q9 --bin server -- --dir run"));
        assert!(no_server(Path::new("run"), None, "q8-mine").contains("-p q8-mine"));
    }
}
