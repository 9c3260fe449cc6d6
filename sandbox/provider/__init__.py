"""Provider plugins that rehearse a cloud: state, ids, references, names, replacement and failures, but no services."""
