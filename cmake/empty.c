/* A room that has no file yet. */
typedef int nn_empty;
