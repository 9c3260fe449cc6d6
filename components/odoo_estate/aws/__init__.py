"""AWS components: one entity a file, each turning one part of a plan into resources. They hold no figures and decide nothing."""
