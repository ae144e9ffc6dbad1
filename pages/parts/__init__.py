"""What the pages share: controls, figures, the stage and the theme."""
