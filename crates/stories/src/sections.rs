//! The top-level sections of a configuration, one by one.

/// `base` with the top-level sections of `changes` in place of its own.
///
/// # Errors
/// A line of `changes` is outside every section.
pub fn with_sections(base: &str, changes: &str) -> Result<String, String> {
    let mut sections = sections(base)?;
    for (key, text) in self::sections(changes)? {
        match sections.iter_mut().find(|(known, _)| *known == key) {
            Some(section) => section.1 = text,
            None => sections.push((key, text)),
        }
    }
    Ok(sections.into_iter().map(|(_, text)| text).collect())
}

fn sections(yaml: &str) -> Result<Vec<(String, String)>, String> {
    let mut sections: Vec<(String, String)> = Vec::new();
    let lines = yaml
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    for line in lines {
        match line.split_once(':') {
            Some((key, _)) if !line.starts_with(' ') => {
                sections.push((key.to_owned(), format!("{line}\n")));
            }
            Some(_) | None => {
                let (_, section) = sections
                    .last_mut()
                    .ok_or_else(|| format!("expected a section `name:`, got {line:?}"))?;
                section.push_str(line);
                section.push('\n');
            }
        }
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_replaced_or_appended() {
        let base = "a: 1\nb:\n  - x\n# a comment\nc: 3\n";
        assert_eq!(
            with_sections(base, "b:\n  - y\n  - z\nd: 4\n").unwrap(),
            "a: 1\nb:\n  - y\n  - z\nc: 3\nd: 4\n"
        );
        assert!(with_sections(base, "- y\n").is_err());
    }
}
