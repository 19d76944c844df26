// The gate. To be written.
