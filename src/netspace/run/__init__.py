"""Many trials, safely: the store, the workers, and the loop between them."""
