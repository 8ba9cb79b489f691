/* task.hpp - a task as a C++ function. A plugin, whole:
 *
 *     #include <sopool/task.hpp>
 *
 *     static std::string greet(std::string name, int times)
 *     {
 *         if (times < 0)
 *             throw std::invalid_argument("times must not be negative");
 *         ...
 *     }
 *
 *     SOPOOL_CPP_TASK(greet, "Greets.", name, times);
 *     SOPOOL_PLUGIN(hello, "1.0", greet);
 *
 * built with `c++ -shared -fPIC -o hello.so hello.cc`, by C++17 or later. The
 * function's type says what the task takes and gives; only the names of its
 * parameters, up to eight, are told to the macro. What the macro makes is what
 * SOPOOL_TASK of <sopool/task.h> makes: tasks of both kinds may stand in one
 * plugin, and each of them in SOPOOL_PLUGIN, SOPOOL_PLUGIN_WITH and
 * SOPOOL_TASK_OF.
 *
 * A first parameter `sopool::call &` is the running call; it gets no name and
 * no argument. The other parameters are values or const references, and the
 * result is a value, of these types:
 *
 *     C++                                           sopool
 *     bool                                          bool
 *     signed integers, of any width                 i64
 *     unsigned integers, of any width               u64
 *     float, double                                 f64
 *     std::string, std::string_view                 str    UTF-8
 *     std::vector, std::array of std::byte or
 *       unsigned char; sopool::bytes_view           bytes
 *     std::vector, std::array of other types        list
 *     std::pair, std::tuple                         list   of that many items
 *     std::map, std::unordered_map of std::string   map
 *     std::optional                                 any    or null
 *     void, as a result                             any    always null
 *
 * They may stand in one another. `char` and its wide relatives, `long double`,
 * pointers and classes of your own are no such types; a static_assert says so.
 *
 * Arguments. The pool has checked their sopool types before the function runs.
 * What C++ narrows further is checked here: the range of smaller integers and
 * of float, what stands in lists and maps, the sizes of arrays and tuples. The
 * call fails then, without the function being called, and says which argument
 * and which item of it: "argument 1 (sizes[2]) is outside the range of u8".
 *
 * Ownership. A std::string or std::vector is the function's own copy. A
 * std::string_view or sopool::bytes_view is borrowed until the task returns, in
 * lists and maps too. A result is copied before the arguments go; so a view of
 * a borrowed argument, of static memory, or of what call.reserve gave may be
 * returned, but not one of a local variable.
 *
 * Errors. The call fails with the what() of a std::exception that leaves the
 * function, with "no memory" for std::bad_alloc, and with "unknown exception"
 * for anything else. Nothing else is needed to fail: throw.
 */
#ifndef SOPOOL_TASK_HPP
#define SOPOOL_TASK_HPP

#if __cplusplus < 201703L
#error "<sopool/task.hpp> needs C++17; before it there is <sopool/task.h>"
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sopool/task.h>

namespace sopool
{

/* ---- what a function may take or give ---------------------------------- */

/* Bytes that lie somewhere else: borrowed. */
class bytes_view
{
  public:
    constexpr bytes_view() noexcept = default;

    /* The `size` bytes at `data`; NULL only with a size of 0. */
    bytes_view(const void *data, std::size_t size) noexcept
        : start(static_cast<const unsigned char *>(data)), count(size)
    {
    }

    /* Those of a vector, until it changes. */
    bytes_view(const std::vector<unsigned char> &bytes) noexcept
        : bytes_view(bytes.data(), bytes.size())
    {
    }

    bytes_view(const std::vector<std::byte> &bytes) noexcept
        : bytes_view(bytes.data(), bytes.size())
    {
    }

    constexpr const unsigned char *data() const noexcept
    {
        return start;
    }

    constexpr std::size_t size() const noexcept
    {
        return count;
    }

    constexpr bool empty() const noexcept
    {
        return count == 0;
    }

    constexpr const unsigned char *begin() const noexcept
    {
        return start;
    }

    constexpr const unsigned char *end() const noexcept
    {
        return start + count;
    }

    /* Of an index below size(), which is not checked. */
    constexpr unsigned char operator[](std::size_t index) const noexcept
    {
        return start[index];
    }

  private:
    const unsigned char *start = nullptr;
    std::size_t count = 0;
};

/* The call that is running, for a function whose first parameter is `call &`.
 * It is there until the function returns, and is for the thread that runs it;
 * `should_stop` and `log` are for any thread of the task. */
class call
{
  public:
    explicit call(sopool_call *of) noexcept : running(of)
    {
    }

    call(const call &) = delete;
    call &operator=(const call &) = delete;

    /* Does the caller want the task to end early? A long task looks now and
     * then, and throws. */
    bool should_stop() const noexcept
    {
        return sopool_should_stop(running) != 0;
    }

    /* A line for the pool's log, at SOPOOL_LOG_INFO or another level. */
    void log(std::uint32_t level, std::string_view line) const noexcept
    {
        running->host->log(running, level, line.data(), line.size());
    }

    /* Room for a str or bytes result, written in place and returned as a view:
     * it is not copied. For such results only. Called again, what was written
     * is kept and the older pointer is no longer valid. The pool's, borrowed
     * until the task returns. Throws std::bad_alloc. */
    unsigned char *reserve(std::size_t size) const
    {
        return static_cast<unsigned char *>(
            there(sopool_reserve(running, size)));
    }

    /* Memory until the task returns, aligned for any type, which nobody has to
     * free. Throws std::bad_alloc. */
    void *scratch(std::size_t size) const
    {
        return there(sopool_scratch(running, size));
    }

    /* The same call, for the functions of <sopool/task.h>. */
    sopool_call *get() const noexcept
    {
        return running;
    }

  private:
    static void *there(void *memory)
    {
        if (memory == nullptr)
            throw std::bad_alloc();
        return memory;
    }

    sopool_call *running;
};

/* ---- the rest is for the macro at the end ------------------------------ */

/* Else each plugin would export what it uses of this. */
#pragma GCC visibility push(hidden)
namespace detail
{

/* Arguments while they are read. `false` from a function that reads means that
 * the rest is of no use; why stands here then. */
struct input {
    sopool_reader reader;
    std::string reason; /* or empty: the reader's */
    std::string path;   /* from the argument to the item: "[3]" */

    bool fail(std::string why)
    {
        reason = std::move(why);
        return false;
    }

    /* The item that could not be read stands in another one. */
    bool fail_in(const std::string &place)
    {
        path.insert(0, "[" + place + "]");
        return false;
    }

    std::string why() const
    {
        if (!reason.empty())
            return reason;
        return reader.error != nullptr ? reader.error : "is damaged";
    }
};

/* What each type is as an item: `name` in a signature, `read` and `write`.
 * Types without a specialization cannot be items. */
template <class T, class = void> struct codec {
    static constexpr bool supported = false;
    static constexpr const char *name = "any";
};

struct known {
    static constexpr bool supported = true;
};

/* ---- numbers ----------------------------------------------------------- */

template <class T, class... Others>
inline constexpr bool is_any_of = (std::is_same_v<T, Others> || ...);

/* Characters are no numbers, though C++ counts them among the integers. */
template <class T>
inline constexpr bool is_character =
    is_any_of<T, char, wchar_t, char16_t, char32_t>;
#ifdef __cpp_char8_t
template <> inline constexpr bool is_character<char8_t> = true;
#endif

template <class T>
inline constexpr bool is_integer = std::is_integral_v<T> && sizeof(T) <= 8 &&
                                   !std::is_same_v<T, bool> && !is_character<T>;

template <class T>
inline constexpr bool is_number = is_integer<T> || is_any_of<T, float, double>;

template <> struct codec<bool> : known {
    static constexpr const char *name = "bool";

    static bool read(input &in, bool &out)
    {
        return sopool_read_bool(&in.reader, &out) == 0;
    }

    static void write(sopool_writer &w, bool value)
    {
        (void)sopool_put_bool(&w, value);
    }
};

inline int read_wide(sopool_reader &r, std::int64_t &out)
{
    return sopool_read_i64(&r, &out);
}

inline int read_wide(sopool_reader &r, std::uint64_t &out)
{
    return sopool_read_u64(&r, &out);
}

inline void write_wide(sopool_writer &w, std::int64_t value)
{
    (void)sopool_put_i64(&w, value);
}

inline void write_wide(sopool_writer &w, std::uint64_t value)
{
    (void)sopool_put_u64(&w, value);
}

/* Numbers cross as their `wide` type, which `narrow` takes back. */
template <class T> struct codec<T, std::enable_if_t<is_integer<T>>> : known {
    using wide =
        std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    static constexpr const char *name = std::is_signed_v<T> ? "i64" : "u64";

    static bool narrow(input &in, wide value, T &out)
    {
        out = static_cast<T>(value);
        if (static_cast<wide>(out) == value)
            return true;
        return in.fail("is outside the range of " + std::string(1, name[0]) +
                       std::to_string(8 * sizeof(T)));
    }

    static bool read(input &in, T &out)
    {
        wide value = 0;

        return read_wide(in.reader, value) == 0 && narrow(in, value, out);
    }

    static void write(sopool_writer &w, T value)
    {
        write_wide(w, static_cast<wide>(value));
    }
};

template <class T>
struct codec<T, std::enable_if_t<is_any_of<T, float, double>>> : known {
    using wide = double;
    static constexpr const char *name = "f64";

    /* A double between two floats is rounded; beyond them all it is refused,
     * unless it is infinite there too. */
    static bool narrow(input &in, double value, T &out)
    {
        constexpr double max = std::numeric_limits<T>::max();
        constexpr double infinite = std::numeric_limits<double>::infinity();

        if ((value > max && value < infinite) ||
            (value < -max && value > -infinite))
            return in.fail("is outside the range of f32");
        out = static_cast<T>(value);
        return true;
    }

    static bool read(input &in, T &out)
    {
        double value = 0;

        return sopool_read_f64(&in.reader, &value) == 0 &&
               narrow(in, value, out);
    }

    static void write(sopool_writer &w, T value)
    {
        (void)sopool_put_f64(&w, static_cast<double>(value));
    }
};

/* ---- text and bytes ---------------------------------------------------- */

/* What is one piece of memory has a `view` rather than `write`: as a result it
 * may lie in place already. */
template <class Of> struct text_codec : known {
    static constexpr const char *name = "str";
    static constexpr std::uint32_t major = SOPOOL_CBOR_TEXT;

    static bool read(input &in, Of &out)
    {
        sopool_text text = sopool_no_text();

        if (sopool_read_text(&in.reader, &text) != 0)
            return false;
        out = Of(text.ptr, static_cast<std::size_t>(text.size));
        return true;
    }

    static bytes_view view(const Of &value)
    {
        return bytes_view(value.data(), value.size());
    }
};

template <> struct codec<std::string> : text_codec<std::string> {
};

template <> struct codec<std::string_view> : text_codec<std::string_view> {
};

template <class T>
inline constexpr bool is_byte = is_any_of<T, std::byte, unsigned char>;

template <class Of> struct bytes_codec : known {
    static constexpr const char *name = "bytes";
    static constexpr std::uint32_t major = SOPOOL_CBOR_BYTES;

    static bytes_view view(const Of &value)
    {
        return bytes_view(value.data(), value.size());
    }
};

inline bool read_bytes(input &in, bytes_view &out)
{
    sopool_blob blob = sopool_no_blob();

    if (sopool_read_bytes(&in.reader, &blob) != 0)
        return false;
    out = bytes_view(blob.ptr, static_cast<std::size_t>(blob.size));
    return true;
}

inline void copy_bytes(void *to, bytes_view from)
{
    if (!from.empty())
        std::memcpy(to, from.data(), from.size());
}

template <> struct codec<bytes_view> : bytes_codec<bytes_view> {
    static bool read(input &in, bytes_view &out)
    {
        return read_bytes(in, out);
    }
};

template <class T, class A>
struct codec<std::vector<T, A>, std::enable_if_t<is_byte<T>>>
    : bytes_codec<std::vector<T, A>> {
    static bool read(input &in, std::vector<T, A> &out)
    {
        bytes_view bytes;

        if (!read_bytes(in, bytes))
            return false;
        out.resize(bytes.size());
        copy_bytes(out.data(), bytes);
        return true;
    }
};

inline bool wrong_size(input &in, std::uint64_t got, std::size_t wanted,
                       const char *of)
{
    return in.fail("has " + std::to_string(got) + " " + of + ", not " +
                   std::to_string(wanted));
}

template <class T, std::size_t N>
struct codec<std::array<T, N>, std::enable_if_t<is_byte<T>>>
    : bytes_codec<std::array<T, N>> {
    static bool read(input &in, std::array<T, N> &out)
    {
        bytes_view bytes;

        if (!read_bytes(in, bytes))
            return false;
        if (bytes.size() != N)
            return wrong_size(in, bytes.size(), N, "bytes");
        copy_bytes(out.data(), bytes);
        return true;
    }
};

template <class T, class = void> inline constexpr bool is_data = false;
template <class T>
inline constexpr bool is_data<T, std::void_t<decltype(codec<T>::major)>> = true;

template <class T> void write_item(sopool_writer &w, const T &value)
{
    if constexpr (is_data<T>) {
        bytes_view view = codec<T>::view(value);

        (void)sopool_put_item(&w, codec<T>::major, view.size(), view.data(),
                              view.size());
    } else {
        codec<T>::write(w, value);
    }
}

/* ---- typed arrays ------------------------------------------------------ */

/* A list of numbers may come as a typed array: one piece of memory. Its tag is
 * 64 and, in bits: 16 for floats, 8 for signed integers, 4 for little-endian,
 * 0 to 3 for the width, which doubles with each. */
inline std::uint64_t typed_bits(std::uint64_t tag, const std::uint8_t *at,
                                std::size_t width)
{
    std::uint8_t big[8];

    if ((tag & 4) == 0 || width == 1)
        return sopool_big_endian_get(at, width);
    for (std::size_t i = 0; i < width; i++)
        big[i] = at[width - 1 - i];
    return sopool_big_endian_get(big, width);
}

/* One element as an item of its own. */
inline void put_typed(sopool_writer &w, std::uint64_t tag,
                      const std::uint8_t *at, std::size_t width)
{
    std::uint64_t bits = typed_bits(tag, at, width);
    std::uint64_t sign = std::uint64_t(1) << (8 * width - 1);

    if (tag >= 80)
        (void)sopool_put_f64(&w, sopool_float_of(bits, width));
    else if (tag < 72)
        (void)sopool_put_u64(&w, bits);
    else
        (void)sopool_put_i64(&w,
                             static_cast<std::int64_t>((bits ^ sign) - sign));
}

/* The tag of an array of T as it lies in memory here. */
template <class T> constexpr std::uint64_t tag_of()
{
    constexpr bool is_float = std::is_floating_point_v<T>;
    std::uint64_t tag = is_float ? 80 : std::is_signed_v<T> ? 72 : 64;

    if (sizeof(T) > 1 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        tag += 4;
    for (std::size_t width = is_float ? 2 : 1; width < sizeof(T); width *= 2)
        tag++;
    return tag;
}

/* ---- lists ------------------------------------------------------------- */

/* A list while it is read, as items or as a typed array. */
class list
{
  public:
    std::uint64_t count = 0;

    explicit list(input &from) : in(from)
    {
    }

    /* Reads the head, and then there is `count`. */
    bool open()
    {
        if (sopool_peek(&in.reader) != SOPOOL_CBOR_TAG)
            return sopool_read_array(&in.reader, &count) == 0;
        if (sopool_read_typed(&in.reader, &tag, &typed) != 0)
            return false;
        width = static_cast<std::size_t>(sopool_typed_size(tag));
        if (width > 8)
            return in.fail("is of floats of 128 bits");
        count = typed.size / width;
        return true;
    }

    /* The same, of just so many items. */
    bool open(std::size_t wanted)
    {
        return open() &&
               (count == wanted || wrong_size(in, count, wanted, "items"));
    }

    /* If the elements lie there as T does: all of them. */
    template <class T> bytes_view all() const
    {
        if (tag != tag_of<T>())
            return bytes_view();
        return bytes_view(typed.ptr, static_cast<std::size_t>(typed.size));
    }

    /* The next item. */
    template <class T> bool next(T &out)
    {
        std::size_t at = index++;

        return (tag == 0 ? codec<T>::read(in, out) : next_typed(at, out)) ||
               in.fail_in(std::to_string(at));
    }

  private:
    template <class T> bool next_typed(std::size_t at, T &out)
    {
        std::uint8_t room[SOPOOL_HEAD_ROOM];
        sopool_writer w = sopool_writer_of(room, sizeof(room));
        input item = {};

        put_typed(w, tag, typed.ptr + at * width, width);
        item.reader = sopool_reader_of(w.data, w.size);
        return codec<T>::read(item, out) || in.fail(item.why());
    }

    input &in;
    std::uint64_t tag = 0; /* 0: items */
    sopool_blob typed = {nullptr, 0};
    std::size_t width = 0;
    std::size_t index = 0;
};

template <class T, class A>
struct codec<std::vector<T, A>, std::enable_if_t<!is_byte<T>>> {
    static constexpr bool supported = codec<T>::supported;
    static constexpr const char *name = "list";

    static bool read(input &in, std::vector<T, A> &out)
    {
        list from(in);

        if (!from.open())
            return false;
        if constexpr (is_number<T>) {
            if (bytes_view all = from.all<T>(); !all.empty()) {
                out.resize(all.size() / sizeof(T));
                copy_bytes(out.data(), all);
                return true;
            }
        }
        out.reserve(static_cast<std::size_t>(from.count));
        while (out.size() < from.count) {
            T item{};

            if (!from.next(item))
                return false;
            out.push_back(std::move(item));
        }
        return true;
    }

    static void write(sopool_writer &w, const std::vector<T, A> &value)
    {
        (void)sopool_put_array(&w, value.size());
        for (const auto &item : value)
            write_item<T>(w, item);
    }
};

template <class T, std::size_t N>
struct codec<std::array<T, N>, std::enable_if_t<!is_byte<T>>> {
    static constexpr bool supported = codec<T>::supported;
    static constexpr const char *name = "list";

    static bool read(input &in, std::array<T, N> &out)
    {
        list from(in);

        return from.open(N) &&
               std::all_of(out.begin(), out.end(),
                           [&](T &item) { return from.next(item); });
    }

    static void write(sopool_writer &w, const std::array<T, N> &value)
    {
        (void)sopool_put_array(&w, N);
        for (const T &item : value)
            write_item(w, item);
    }
};

/* Pairs and tuples. */
template <class Of, class... T> struct tuple_codec {
    static constexpr bool supported = (codec<T>::supported && ...);
    static constexpr const char *name = "list";

    static bool read(input &in, Of &out)
    {
        list from(in);

        return from.open(sizeof...(T)) &&
               std::apply(
                   [&](T &...item) {
                       (void)from;
                       return (from.next(item) && ...);
                   },
                   out);
    }

    static void write(sopool_writer &w, const Of &value)
    {
        (void)sopool_put_array(&w, sizeof...(T));
        std::apply([&](const T &...item) { (write_item(w, item), ...); },
                   value);
    }
};

template <class A, class B>
struct codec<std::pair<A, B>> : tuple_codec<std::pair<A, B>, A, B> {
};

template <class... T>
struct codec<std::tuple<T...>> : tuple_codec<std::tuple<T...>, T...> {
};

/* ---- maps and null ----------------------------------------------------- */

/* How CBOR sorts keys: the shorter first, then bytewise. */
inline bool key_before(const std::string &a, const std::string &b)
{
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

template <class Of> struct map_codec {
    using item_type = typename Of::mapped_type;
    static constexpr bool supported = codec<item_type>::supported;
    static constexpr const char *name = "map";

    static bool read_pair(input &in, Of &out)
    {
        std::string key;
        item_type item{};

        if (!codec<std::string>::read(in, key))
            return false;
        if (!codec<item_type>::read(in, item))
            return in.fail_in('"' + key + '"');
        out.insert_or_assign(std::move(key), std::move(item));
        return true;
    }

    static bool read(input &in, Of &out)
    {
        std::uint64_t pairs = 0;

        if (sopool_read_map(&in.reader, &pairs) != 0)
            return false;
        for (; pairs > 0; pairs--)
            if (!read_pair(in, out))
                return false;
        return true;
    }

    static void write(sopool_writer &w, const Of &value)
    {
        std::vector<const typename Of::value_type *> sorted;

        sorted.reserve(value.size());
        for (const auto &pair : value)
            sorted.push_back(&pair);
        std::sort(sorted.begin(), sorted.end(), [](auto *a, auto *b) {
            return key_before(a->first, b->first);
        });
        (void)sopool_put_map(&w, sorted.size());
        for (const auto *pair : sorted) {
            write_item(w, pair->first);
            write_item(w, pair->second);
        }
    }
};

template <class T, class... Rest>
struct codec<std::map<std::string, T, Rest...>>
    : map_codec<std::map<std::string, T, Rest...>> {
};

template <class T, class... Rest>
struct codec<std::unordered_map<std::string, T, Rest...>>
    : map_codec<std::unordered_map<std::string, T, Rest...>> {
};

template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;

/* One in another could not be told from one alone. */
template <class T> struct codec<std::optional<T>> {
    static constexpr bool supported = codec<T>::supported && !is_optional<T>;
    static constexpr const char *name = "any";

    static bool read(input &in, std::optional<T> &out)
    {
        if (sopool_peek(&in.reader) == SOPOOL_CBOR_NULL)
            return sopool_read_null(&in.reader) == 0;
        return codec<T>::read(in, out.emplace());
    }

    static void write(sopool_writer &w, const std::optional<T> &value)
    {
        if (value)
            write_item(w, *value);
        else
            (void)sopool_put_null(&w);
    }
};

/* A void result. */
struct nothing {
};

template <> struct codec<nothing> : known {
    static constexpr const char *name = "any";

    static void write(sopool_writer &w, nothing)
    {
        (void)sopool_put_null(&w);
    }
};

/* ---- the function's type ----------------------------------------------- */

template <class T> using plain = std::remove_cv_t<std::remove_reference_t<T>>;

template <class T>
inline constexpr bool is_changeable =
    std::is_lvalue_reference_v<T> &&
    !std::is_const_v<std::remove_reference_t<T>>;

template <class T>
inline constexpr bool is_parameter =
    codec<plain<T>>::supported && !is_changeable<T>;

template <class T>
using result_of = std::conditional_t<std::is_void_v<T>, nothing, plain<T>>;

/* They are there for their messages, which show T. */
template <class T> struct parameter {
    static_assert(!is_changeable<T>,
                  "a task's parameter must be a value or a const reference; "
                  "only sopool::call & may stand before them");
    static_assert(is_changeable<T> || is_parameter<T>,
                  "this type cannot be a task's parameter; those that can are "
                  "listed at the top of <sopool/task.hpp>");
};

template <class T> struct result {
    static_assert(codec<result_of<T>>::supported,
                  "this type cannot be a task's result; those that can are "
                  "listed at the top of <sopool/task.hpp>");
};

template <bool WithCall, class R, class... P> struct shape {
    using params = std::tuple<plain<P>...>;
    using result_type = result_of<R>;

    static constexpr std::size_t count = sizeof...(P);
    static constexpr bool supported =
        codec<result_type>::supported && (is_parameter<P> && ...);
    static constexpr bool direct = count > 0 && count <= 8 &&
                                   (is_number<result_type> && ... &&
                                    is_number<plain<P>>);

    /* For a shape that is not supported: which type is to blame? */
    static std::int32_t refuse()
    {
        (void)(sizeof(result<R>) + ... + sizeof(parameter<P>));
        return SOPOOL_FAILED;
    }

    /* Of each parameter and, last, of the result. */
    static constexpr std::array<const char *, count + 1> types = {
        codec<plain<P>>::name..., codec<result_type>::name};

    template <class F, class... A>
    static decltype(auto) invoke(F function, sopool_call *running, A &...args)
    {
        if constexpr (WithCall) {
            call context(running);

            return function(context, std::forward<P>(args)...);
        } else {
            (void)running;
            return function(std::forward<P>(args)...);
        }
    }
};

template <class R, class... P>
shape<false, R, P...> shape_of_pointer(R (*)(P...));
template <class R, class... P>
shape<true, R, P...> shape_of_pointer(R (*)(call &, P...));

template <auto Function> using shape_of = decltype(shape_of_pointer(Function));

/* ---- names, as the macro has them: "a, b" ------------------------------ */

constexpr bool is_one_of(char c, std::string_view set)
{
    return set.find(c) != set.npos;
}

constexpr std::string_view trim(std::string_view text)
{
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

constexpr std::size_t count_names(std::string_view names)
{
    std::size_t count = names.empty() ? 0 : 1;

    for (char c : names)
        count += c == ',';
    return count;
}

/* Empty if there are no more than `index`. */
constexpr std::string_view name_at(std::string_view names, std::size_t index)
{
    for (; index > 0; index--) {
        std::size_t comma = names.find(',');

        if (comma == names.npos)
            return std::string_view();
        names.remove_prefix(comma + 1);
    }
    return trim(names.substr(0, names.find(',')));
}

constexpr bool is_name(std::string_view name, std::string_view letters)
{
    if (name.empty() || is_one_of(name[0], "0123456789"))
        return false;
    for (char c : name)
        if (!is_one_of(c, letters))
            return false;
    return true;
}

constexpr bool is_task_name(std::string_view name)
{
    return name.size() <= 40 &&
           is_name(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

constexpr bool are_names(std::string_view names)
{
    for (std::size_t i = 0; i < count_names(names); i++) {
        if (!is_name(name_at(names, i), "abcdefghijklmnopqrstuvwxyz"
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "_0123456789"))
            return false;
        for (std::size_t j = 0; j < i; j++)
            if (name_at(names, i) == name_at(names, j))
                return false;
    }
    return true;
}

/* ---- the record of a task, made while compiling ------------------------ */

/* The record's texts: name, signature, doc. */
template <std::size_t Room> struct texts {
    char data[Room] = {};
    std::size_t size = 0;
    std::size_t signature_at = 0;
    std::size_t doc_at = 0;

    constexpr void put(std::string_view text)
    {
        for (char c : text)
            data[size++] = c;
    }

    constexpr void put_param(std::string_view name, std::string_view type)
    {
        put(name);
        put(": ");
        put(type);
    }
};

/* Of so much room, what all types and punctuation may take is one part. */
template <auto Function, std::size_t A, std::size_t B, std::size_t C>
constexpr auto describe(const char (&name)[A], const char (&names)[B],
                        const char (&doc)[C])
{
    using shape = shape_of<Function>;
    texts<A + B + C + 10 * (shape::count + 2)> out;

    out.put(std::string_view(name, A));
    out.signature_at = out.size;
    out.put("(");
    for (std::size_t i = 0; i < shape::count; i++) {
        out.put(i > 0 ? ", " : "");
        out.put_param(name_at(names, i), shape::types[i]);
    }
    out.put(") -> ");
    out.put(shape::types[shape::count]);
    out.put(std::string_view("", 1));
    out.doc_at = out.size;
    out.put(std::string_view(doc, C));
    return out;
}

template <std::size_t Size> struct record {
    sopool_record head;
    char text[Size];
};

template <std::size_t Size, std::size_t Room>
constexpr record<Size> record_of(std::uint32_t flags, const texts<Room> &from)
{
    record<Size> out = {{SOPOOL_RECORD_MAGIC,
                         static_cast<std::uint32_t>(sizeof(sopool_record)) +
                             static_cast<std::uint32_t>(Size),
                         SOPOOL_RECORD_TASK, flags},
                        {}};

    for (std::size_t i = 0; i < Size; i++)
        out.text[i] = from.data[i];
    return out;
}

/* ---- running ----------------------------------------------------------- */

/* Exceptions end here: the pool is C. A thread that is being ended (by
 * pthread_exit) unwinds as if by one, which must go on. */
template <class Body> std::int32_t guard(sopool_call *running, Body body)
{
    try {
        return body();
#ifdef __GLIBCXX__
    } catch (const abi::__forced_unwind &) {
        throw;
#endif
    } catch (const std::bad_alloc &) {
        return sopool_fail(running, "no memory");
    } catch (const std::exception &e) {
        return sopool_fail(running, "%s", e.what());
    } catch (...) {
        return sopool_fail(running, "unknown exception");
    }
}

inline std::int32_t fail_arg(sopool_call *running, const input &in,
                             std::size_t index, std::string_view names)
{
    std::string name(name_at(names, index));

    return sopool_fail(running, "argument %zu (%s%s) %s", index + 1,
                       name.c_str(), in.path.c_str(), in.why().c_str());
}

template <class T> std::int32_t give(sopool_call *running, const T &value)
{
    if constexpr (is_data<T>) {
        bytes_view view = codec<T>::view(value);

        return sopool_give_data(running, codec<T>::major, view.data(),
                                view.size());
    } else {
        sopool_writer w = sopool_out_writer(running);

        codec<T>::write(w, value);
        return sopool_give_written(running, &w);
    }
}

/* Takes each argument by `take(index, argument)`, until one is false; then runs
 * the function and hands the result to `then`. */
template <auto Function, class Take, class Then>
std::int32_t run_with(sopool_call *running, input &in, const char *names,
                      Take take, Then then)
{
    using shape = shape_of<Function>;
    typename shape::params params;
    std::size_t taken = 0;

    return std::apply(
        [&](auto &...param) -> std::int32_t {
            if (!((take(taken, param) && ++taken) && ...))
                return fail_arg(running, in, taken, names);
            if constexpr (std::is_same_v<typename shape::result_type,
                                         nothing>) {
                shape::invoke(Function, running, param...);
                return then(nothing{});
            } else {
                return then(shape::invoke(Function, running, param...));
            }
        },
        params);
}

/* A sopool_entry. */
template <auto Function>
std::int32_t run(sopool_call *running, const std::uint8_t *args,
                 std::uint64_t size, const char *names)
{
    using shape = shape_of<Function>;

    if constexpr (!shape::supported)
        return shape::refuse();
    else
        return guard(running, [&] {
            input in = {};
            std::uint64_t given = 0;

            in.reader = sopool_reader_of(args, static_cast<std::size_t>(size));
            if (sopool_read_array(&in.reader, &given) != 0 ||
                given != shape::count)
                return sopool_fail_args(running, &in.reader);
            return run_with<Function>(
                running, in, names,
                [&](std::size_t, auto &param) {
                    return codec<plain<decltype(param)>>::read(in, param);
                },
                [&](const auto &value) { return give(running, value); });
        });
}

/* A sopool_direct; not called unless shape::direct. */
template <auto Function>
std::int32_t run_direct(sopool_call *running, const void *args, void *out,
                        const char *names)
{
    using shape = shape_of<Function>;

    if constexpr (!shape::direct)
        return SOPOOL_FAILED;
    else
        return guard(running, [&] {
            const auto *words = static_cast<const unsigned char *>(args);
            input in = {};

            return run_with<Function>(
                running, in, names,
                [&](std::size_t index, auto &param) {
                    using codec = codec<plain<decltype(param)>>;
                    typename codec::wide word;

                    std::memcpy(&word, words + 8 * index, sizeof(word));
                    return codec::narrow(in, word, param);
                },
                [&](auto value) {
                    typename codec<decltype(value)>::wide word = value;

                    std::memcpy(out, &word, sizeof(word));
                    return SOPOOL_OK;
                });
        });
}

} // namespace detail
#pragma GCC visibility pop

/* For SOPOOL_PLUGIN_WITH: a load hook that is a C++ function, which fails by
 * throwing as tasks do. For `static void start(sopool::call &)`:
 *     SOPOOL_PLUGIN_WITH(sopool::load<start>, hello, "1.0", greet); */
template <void (*Function)(call &)> std::int32_t load(sopool_call *running)
{
    return detail::guard(running, [&] {
        call context(running);

        Function(context);
        return SOPOOL_OK;
    });
}

} // namespace sopool

/* ---- SOPOOL_CPP_TASK --------------------------------------------------- */

#define SOPOOL_CPP_DEFINE(flags, function, doc, names)                         \
    static_assert(sopool::detail::is_task_name(#function),                     \
                  "a task's name has up to 40 lower-case letters, digits and " \
                  "_, and no digit first");                                    \
    static_assert(sopool::detail::are_names(names),                            \
                  "the names of a task's parameters have letters, digits and " \
                  "_, and are all different");                                 \
    static_assert(sopool::detail::count_names(names) ==                        \
                      sopool::detail::shape_of<function>::count,               \
                  "a task needs one name for each parameter, but none for "    \
                  "sopool::call &");                                           \
    static constexpr auto sopool_texts_##function =                            \
        sopool::detail::describe<function>(#function, names, doc);             \
    static constexpr auto sopool_record_##function SOPOOL_SECTION =            \
        sopool::detail::record_of<sopool_texts_##function.size>(               \
            (flags), sopool_texts_##function);                                 \
    static int32_t sopool_entry_##function(sopool_call *call,                  \
                                           const uint8_t *args, uint64_t size) \
    {                                                                          \
        return sopool::detail::run<function>(call, args, size, names);         \
    }                                                                          \
    static int32_t sopool_direct_##function(sopool_call *call,                 \
                                            const void *args, void *out)       \
    {                                                                          \
        return sopool::detail::run_direct<function>(call, args, out, names);   \
    }                                                                          \
    static constexpr sopool_task sopool_task_##function = {                    \
        static_cast<uint32_t>(sizeof(sopool_task)),                            \
        (flags),                                                               \
        sopool_record_##function.text,                                         \
        sopool_record_##function.text + sopool_texts_##function.signature_at,  \
        sopool_record_##function.text + sopool_texts_##function.doc_at,        \
        sopool_entry_##function,                                               \
        &sopool_record_##function,                                             \
        sopool::detail::shape_of<function>::direct ? sopool_direct_##function  \
                                                   : nullptr}

#define SOPOOL_CPP_TASK_0(flags, function, doc)                                \
    SOPOOL_CPP_DEFINE(flags, function, doc, "")
#define SOPOOL_CPP_TASK_no_doc(...)                                            \
    static_assert(false, "a task needs its function and its doc")
#define SOPOOL_CPP_TASK_too_many(...)                                          \
    static_assert(false, "a task may have up to eight parameters")
#define SOPOOL_CPP_TASK_N(flags, function, doc, ...)                           \
    SOPOOL_CPP_DEFINE(flags, function, doc, #__VA_ARGS__)

/* 0 for three arguments, N for those up to eleven. */
#define SOPOOL_CPP_COUNT(...)                                                  \
    SOPOOL_PICK_13(__VA_ARGS__, too_many, N, N, N, N, N, N, N, N, 0, no_doc,   \
                   no_doc, no_doc)

/* SOPOOL_CPP_TASK(function, "doc", parameter...): makes a task of a function
 * that stands above it, under the function's name. In a namespace, let
 * SOPOOL_PLUGIN stand in it too. */
#define SOPOOL_CPP_TASK(...) SOPOOL_CPP_TASK_WITH(UINT32_C(0), __VA_ARGS__)

/* With flags: SOPOOL_CPP_TASK_WITH(SOPOOL_PURE | SOPOOL_IDEMPOTENT, ...). */
#define SOPOOL_CPP_TASK_WITH(...)                                              \
    SOPOOL_CAT(SOPOOL_CPP_TASK_, SOPOOL_CPP_COUNT(__VA_ARGS__))(__VA_ARGS__)

#endif
