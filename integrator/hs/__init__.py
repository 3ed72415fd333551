"""The HS tree in buyers' words: our own short names, English, Korean and Spanish."""
