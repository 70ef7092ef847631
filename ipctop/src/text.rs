//! A look as plain text: no colour, no boxes, for a pipe or a report.

use std::fmt::Write;

use crate::lines;
use crate::messages::Messages;
use crate::model::finding::Value;
use crate::model::look::Look;

/// The whole look, findings first.
pub fn page(look: &Look, messages: &Messages) -> String {
    let mut page = String::new();
    findings(&mut page, look, messages);
    let sections: [(&str, Vec<String>); 9] = [
        ("head-processes", lines::processes(look)),
        ("head-pipes", look.pipes.iter().map(|pipe| lines::pipe(look, pipe)).collect()),
        ("head-queues", look.queues.iter().flat_map(lines::queue).collect()),
        ("head-segments", look.segments.iter().map(lines::segment).collect()),
        ("head-semaphores", look.semaphores.iter().map(lines::semaphores).collect()),
        ("head-posix", look.posix.iter().map(lines::posix).collect()),
        ("head-sockets", look.sockets.iter().map(|s| lines::socket(look, s)).collect()),
        ("head-locks", look.locks.iter().map(|lock| lines::lock(look, lock)).collect()),
        ("head-office", look.office.iter().flat_map(lines::office).collect()),
    ];
    for (head, lines) in sections {
        if !lines.is_empty() {
            let count = [("count", Value::Number(lines.len() as i64))];
            let _ = writeln!(page, "\n{}", messages.say_with(head, &count));
            for line in lines {
                let _ = writeln!(page, "  {line}");
            }
        }
    }
    if !look.notes.is_empty() {
        let _ = writeln!(page, "\n{}", messages.say("head-notes"));
        for note in &look.notes {
            let _ = writeln!(page, "  {}", note.text);
        }
    }
    page
}

fn findings(page: &mut String, look: &Look, messages: &Messages) {
    if look.findings.is_empty() {
        let _ = writeln!(page, "{}", messages.say("nothing-stuck"));
        return;
    }
    let count = [("count", Value::Number(look.findings.len() as i64))];
    let _ = writeln!(page, "{}", messages.say_with("head-findings", &count));
    for finding in &look.findings {
        let _ = writeln!(page, "  {}", finding.text);
        let _ = writeln!(page, "    -> {}", finding.next);
    }
}
