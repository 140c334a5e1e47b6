"""From a folder, tables or a built-in name to decoded images in three parts."""
