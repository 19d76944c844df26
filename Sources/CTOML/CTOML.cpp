#include "CTOML.h"

#include <new>
#include <string>
#include <string_view>
#include <vector>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// Arrays within arrays and inline tables: the parser descends by recursion.
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/toml.h>

struct ctoml_document {
    toml::table root;
    std::vector<ctoml_node> nodes;
    bool failed = false;
    std::string message;
    ctoml_range range = {};
};

namespace {

ctoml_range range_of(const toml::source_region &region) {
    return {region.begin.line, region.begin.column, region.end.line, region.end.column};
}

void append(ctoml_document &document, const toml::node &node, const toml::key *key, int level) {
    ctoml_node flat = {};
    flat.range = range_of(node.source());
    if (key) {
        flat.key = key->data();
        flat.key_length = key->length();
        flat.key_range = range_of(key->source());
    }
    const bool descends = level < CTOML_DEEPEST_LEVEL;
    if (const auto *table = node.as_table()) {
        flat.kind = CTOML_TABLE;
        flat.children = descends ? table->size() : 0;
        document.nodes.push_back(flat);
        if (descends) {
            for (auto it = table->cbegin(); it != table->cend(); ++it) {
                append(document, it->second, &it->first, level + 1);
            }
        }
        return;
    }
    if (const auto *array = node.as_array()) {
        flat.kind = CTOML_ARRAY;
        flat.children = descends ? array->size() : 0;
        document.nodes.push_back(flat);
        if (descends) {
            for (const auto &element : *array) {
                append(document, element, nullptr, level + 1);
            }
        }
        return;
    }
    if (const auto *string = node.as_string()) {
        flat.kind = CTOML_STRING;
        flat.text = string->get().data();
        flat.text_length = string->get().size();
    } else if (const auto *integer = node.as_integer()) {
        flat.kind = CTOML_INTEGER;
        flat.integer = integer->get();
    } else if (const auto *floating = node.as_floating_point()) {
        flat.kind = CTOML_FLOAT;
        flat.floating = floating->get();
    } else if (const auto *boolean = node.as_boolean()) {
        flat.kind = CTOML_BOOLEAN;
        flat.boolean = boolean->get();
    } else {
        flat.kind = CTOML_DATE_OR_TIME;
    }
    document.nodes.push_back(flat);
}

} // namespace

ctoml_document *ctoml_parse(const char *source, size_t length) {
    auto *document = new (std::nothrow) ctoml_document;
    if (!document) {
        return nullptr;
    }
    auto result = toml::parse(std::string_view(source, length));
    if (!result) {
        document->failed = true;
        document->message = result.error().description();
        document->range = range_of(result.error().source());
        return document;
    }
    document->root = std::move(result).table();
    append(*document, document->root, nullptr, 0);
    return document;
}

bool ctoml_failed(const ctoml_document *document, const char **message, ctoml_range *range) {
    *message = document->message.c_str();
    *range = document->range;
    return document->failed;
}

const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count) {
    *count = document->nodes.size();
    return document->nodes.data();
}

void ctoml_free(ctoml_document *document) {
    delete document;
}
