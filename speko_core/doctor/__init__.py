"""The checks of `speko doctor`: each looks at one thing, changes nothing, and knows how to mend it."""
