"""The input documents as strict, frozen models, and the loader that reads them with line numbers."""
