"""How rules read what a program registers: a module for each kind of thing that rules are about."""
