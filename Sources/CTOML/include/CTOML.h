/// A thin C face for toml++, which is C++ and header-only: it knows where every key and every
/// value begins and ends, so that every diagnostic can point at its text.
///
/// A document is parsed once and flattened in preorder: a table or an array is followed by its
/// children. Nothing here throws or aborts for what a file may contain; the caller bounds the
/// length of keys (see `TOMLDocument.swift`), because tables are destroyed by recursion.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CTOML_TABLE,
    CTOML_ARRAY,
    CTOML_STRING,
    CTOML_INTEGER,
    CTOML_FLOAT,
    CTOML_BOOLEAN,
    CTOML_DATE_OR_TIME,
} ctoml_kind;

/// Lines and columns count from one, columns in Unicode scalars; zero if unknown. The end is the
/// first column that no longer belongs.
typedef struct {
    uint32_t begin_line;
    uint32_t begin_column;
    uint32_t end_line;
    uint32_t end_column;
} ctoml_range;

/// Texts are UTF-8, not terminated, and live as long as the document.
typedef struct {
    ctoml_kind kind;
    /// Null for the root and for elements of an array.
    const char *key;
    size_t key_length;
    ctoml_range key_range;
    ctoml_range range;
    /// Direct children of a table or an array. Zero below the deepest level that is kept.
    size_t children;
    const char *text;
    size_t text_length;
    int64_t integer;
    double floating;
    bool boolean;
} ctoml_node;

typedef struct ctoml_document ctoml_document;

/// Levels below the root that are kept. The configuration needs three: root, section, value,
/// element. What lies deeper is dropped, for its parent is of a wrong type already.
enum { CTOML_DEEPEST_LEVEL = 8 };

/// Never null, unless memory is exhausted.
ctoml_document *ctoml_parse(const char *source, size_t length);

/// True if the source is not TOML; then `message` (UTF-8, terminated, lives as long as the
/// document) and `range` say why and where, and there are no nodes.
bool ctoml_failed(const ctoml_document *document, const char **message, ctoml_range *range);

/// The first is the root.
const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count);

void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif
