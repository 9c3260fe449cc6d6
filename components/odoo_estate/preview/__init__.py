"""The offline preview: the graph a program would register, recorded in-process, without engine, cloud or credentials."""
