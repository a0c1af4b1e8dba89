"""What an editor wants to know that takes more than syntax: adapters, strategy modules, the graph."""
