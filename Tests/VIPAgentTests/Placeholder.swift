// Replaced by what is to come.
