//! The keys of one action, as a person types them.

/// What `{name}`, `{show}` and `{seats}` stand for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a> {
    /// Who types.
    pub name: &'a str,
    /// A show, as the table names it.
    pub show: &'a str,
    /// How many seats.
    pub seats: &'a str,
}

/// The keys, line by line; the last piece may have no Enter.
pub fn pieces(keys: &str, values: Values<'_>) -> Vec<String> {
    let mut typed = String::new();
    let mut rest = keys;
    // In one pass: a name with braces in it is no keyword.
    while let Some(at) = rest.find('{') {
        typed.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [("{name}", values.name), ("{show}", values.show), ("{seats}", values.seats)];
        match known.iter().find(|(word, _)| rest.starts_with(word)) {
            Some((word, value)) => {
                typed.push_str(value);
                rest = &rest[word.len()..];
            }
            None => {
                typed.push('{');
                rest = &rest[1..];
            }
        }
    }
    typed.push_str(rest);
    typed.split_inclusive('\n').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Values, pieces};

    #[test]
    fn keys_are_typed_line_by_line() {
        let values = Values { name: "Ana {show}", show: "3", seats: "-2" };
        assert_eq!(pieces("2\n{show}\n{seats}\n", values), ["2\n", "3\n", "-2\n"]);
        assert_eq!(pieces("{name}\n", values), ["Ana {show}\n"]);
        assert_eq!(pieces("{x}{\u{4}", values), ["{x}{\u{4}"]);
        assert!(pieces("", values).is_empty());
    }
}
