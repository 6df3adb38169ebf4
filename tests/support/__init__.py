"""What several tests share: rules, requirements, a reader of LaTeX, hostile texts, a sample book."""
