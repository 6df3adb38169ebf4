"""What fills the pages of the site when it is built; `docs/conf.py` puts it in."""
