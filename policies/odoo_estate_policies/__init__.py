"""The estate's policy rules: one rule a file, used by the engine's policy pack and by the offline preview alike."""
