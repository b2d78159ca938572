/* What missing_library.so needs. */
int nowhere(void);

int nowhere(void) { return 0; }
