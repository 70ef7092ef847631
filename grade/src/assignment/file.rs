//! The assignment file: one table for each question.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

use crate::assignment::question::Question;
use crate::items;

/// The name of an assignment file.
pub const NAME: &str = "assignment.toml";

/// What a submission may change, in a file of its own, if the assignment does not say.
const STUDENTS_MAY: [&str; 4] = ["build", "server", "client", "dialogue"];

/// What no assignment can leave to its students: it is what is judged.
const NEVER_THEIRS: [&str; 6] = ["points", "mechanism", "workers", "persistent", "fifo", "doors"];

/// An assignment, as its file says it.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Where it was read from.
    pub path: PathBuf,
    /// The keys of a question that a submission may set by itself.
    pub students_may: Vec<String>,
    /// A table for each question, not yet looked into.
    questions: Table,
}

impl Assignment {
    /// Reads the file.
    ///
    /// # Errors
    /// Says which line or question is wrong.
    pub fn read(path: &Path) -> anyhow::Result<Assignment> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let parsed = Assignment::parse(&text);
        let mut assignment = parsed.with_context(|| format!("cannot use {}", path.display()))?;
        assignment.path = path.to_owned();
        Ok(assignment)
    }

    /// The assignment file for a submission: the only one in its folder or above it.
    ///
    /// # Errors
    /// Says that there is none, or that there are more: one of them may be the student's.
    pub fn of_submission(folder: &Path) -> anyhow::Result<PathBuf> {
        let nearest = Assignment::nearest(folder)?;
        let above = nearest.parent().and_then(Path::parent);
        if let Some(other) = above.and_then(|above| Assignment::nearest(above).ok()) {
            bail!(
                "there are {} and {}: name the right one with --assignment FILE",
                other.display(),
                nearest.display()
            );
        }
        Ok(nearest)
    }

    /// The nearest assignment file, in this folder or above it.
    ///
    /// # Errors
    /// Says that there is none, and what to do.
    pub fn nearest(folder: &Path) -> anyhow::Result<PathBuf> {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("cannot open the folder {}", folder.display()))?;
        let above = folder.ancestors().map(|folder| folder.join(NAME));
        let found = above.into_iter().find(|path| path.is_file());
        found.with_context(|| {
            format!(
                "cannot find {NAME} in {} or above it: write one with `grade init COURSE`, or name \
                 it with --assignment FILE",
                folder.display()
            )
        })
    }

    fn parse(text: &str) -> anyhow::Result<Assignment> {
        let mut questions: Table = text.parse()?;
        let students_may = match questions.remove("students_may") {
            Some(value) => Vec::<String>::deserialize(value).context("students_may")?,
            None => STUDENTS_MAY.map(str::to_owned).to_vec(),
        };
        if let Some(key) = students_may.iter().find(|key| NEVER_THEIRS.contains(&key.as_str())) {
            bail!("students_may: `{key}` is what is judged, it cannot be theirs");
        }
        for (name, value) in &questions {
            if !value.is_table() {
                bail!("`{name}` is no question: a question is a table, such as [q2]");
            }
            question(name, value.clone())?;
        }
        if questions.is_empty() {
            bail!("it has no question");
        }
        Ok(Assignment { path: PathBuf::new(), students_may, questions })
    }

    /// The names of the questions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.questions.keys().map(String::as_str)
    }

    /// A question.
    ///
    /// # Errors
    /// Says which questions there are.
    pub fn question(&self, name: &str) -> anyhow::Result<Question> {
        question(name, self.table(name)?.clone())
    }

    /// A question as a submission changes it, and what it tried to change without leave.
    ///
    /// # Errors
    /// If what it changes cannot be understood.
    pub fn question_of(
        &self,
        name: &str,
        changes: &Table,
    ) -> anyhow::Result<(Table, Question, Vec<String>)> {
        let Value::Table(mut table) = self.table(name)?.clone() else {
            bail!("`{name}` is no question");
        };
        let mut refused = Vec::new();
        for (key, value) in changes {
            if self.students_may.contains(key) {
                table.insert(key.clone(), value.clone());
            } else if table.get(key) != Some(value) {
                refused.push(key.clone());
            }
        }
        let question = question(name, Value::Table(table.clone()))?;
        Ok((table, question, refused))
    }

    fn table(&self, name: &str) -> anyhow::Result<&Value> {
        self.questions.get(name).with_context(|| {
            let names: Vec<&str> = self.names().collect();
            format!("there is no question `{name}` in the assignment, but {}", names.join(", "))
        })
    }
}

fn question(name: &str, value: Value) -> anyhow::Result<Question> {
    let question = Question::deserialize(value).with_context(|| format!("[{name}]"))?;
    question.check().and_then(|()| check_points(&question)).with_context(|| format!("[{name}]"))?;
    Ok(question)
}

fn check_points(question: &Question) -> anyhow::Result<()> {
    for (id, points) in &question.points {
        ensure!(
            items::find(id).is_some(),
            "points.{id}: there is no such item, but {}",
            items::names().join(", ")
        );
        ensure!(
            points.is_finite() && *points >= 0.0,
            "points.{id}: {points} is no number of points"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [q2]
        server = ["./serveur"]
        client = ["./client"]
        dialogue.row = '(?<show>\d+) : (?<seats>\d+)'
        dialogue.reserve = "2\n{show}\n{seats}\n"
        dialogue.done = "OK"
        dialogue.refused = "NOK"
    "#;

    fn error(text: &str) -> String {
        format!("{:#}", Assignment::parse(text).unwrap_err())
    }

    #[test]
    fn a_question_needs_no_more_than_its_programs_and_a_dialogue() {
        let assignment = Assignment::parse(GOOD).unwrap();
        assert_eq!(assignment.names().collect::<Vec<_>>(), ["q2"]);
        assert_eq!(assignment.question("q2").unwrap().clients, 8);
        assert!(assignment.question("q3").unwrap_err().to_string().contains("but q2"));
    }

    #[test]
    fn what_is_misspelt_is_named() {
        assert!(error(&GOOD.replace("server =", "serveur =")).contains("serveur"));
        assert!(error(&GOOD.replace("(?<show>", "(?<spectacle>")).contains("show"));
        assert!(error(&GOOD.replace("\\d+)'", "\\d+'")).contains("[q2]"));
        assert!(error(&format!("{GOOD}\npoints.mechanisme = 3")).contains("mechanisme"));
        assert!(error("").contains("no question"));
        assert!(error("students_may = ['points']\n").contains("points"));
    }

    #[test]
    fn a_submission_changes_what_it_may_and_nothing_else() {
        let assignment = Assignment::parse(GOOD).unwrap();
        let changes: Table = "client = ['./c']\nfifo = true\nclients = 1".parse().unwrap();
        let (_, question, refused) = assignment.question_of("q2", &changes).unwrap();
        assert_eq!(question.client, ["./c"]);
        assert!(!question.fifo);
        assert_eq!(refused, ["clients", "fifo"]);
    }
}
