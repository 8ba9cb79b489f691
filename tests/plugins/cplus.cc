/* cplus.cc - tasks in C++: each type there and back, and each way to fail. */
#include <sopool/task.hpp>

#include <pthread.h>

using bytes = std::vector<std::byte>;
using octets = std::vector<unsigned char>;
using text = std::string;

/* A task that returns its argument, of a type that has no comma. */
#define SAME(name, type)                                                       \
    static type name(type x)                                                   \
    {                                                                          \
        return x;                                                              \
    }                                                                          \
    SOPOOL_CPP_TASK(name, "x, by way of " #type ".", x)

SAME(yes, bool);
SAME(i8, std::int8_t);
SAME(i16, short);
SAME(i32, int);
SAME(i64, long long);
SAME(u8, std::uint8_t);
SAME(u16, unsigned short);
SAME(u32, unsigned);
SAME(u64, unsigned long);
SAME(f32, float);
SAME(f64, double);
SAME(str, std::string);
SAME(view, std::string_view);
SAME(blob, bytes);
SAME(octet, octets);
SAME(bytes_view, sopool::bytes_view);

using byte4 = std::array<std::byte, 4>;
using ints = std::vector<int>;
using bools = std::vector<bool>;
using blobs = std::vector<octets>;
using triple = std::array<double, 3>;
using pair = std::pair<text, int>;
using mixed = std::tuple<bool, std::int8_t, std::string_view>;
using none = std::tuple<>;
SAME(four, byte4);
SAME(list, ints);
SAME(flags, bools);
SAME(pieces, blobs);
SAME(three, triple);
SAME(two, pair);
SAME(several, mixed);
SAME(no_items, none);

using sorted = std::map<text, short>;
using hashed = std::unordered_map<text, std::string_view>;
using maybe = std::optional<int>;
using deep = std::map<text, std::vector<std::optional<std::pair<text, float>>>>;
SAME(map, sorted);
SAME(table, hashed);
SAME(may, maybe);
SAME(nested, deep);

/* ---- shapes of functions ----------------------------------------------- */

static int started;

static void start(sopool::call &)
{
    started++;
}

static int starts() noexcept
{
    return started;
}
SOPOOL_CPP_TASK(starts, "How often the load hook has run.");

static void nothing()
{
}
SOPOOL_CPP_TASK(nothing, "Null.");

static const text &longer(const text &a, text &&b, const sorted &)
{
    static text kept;

    kept = a.size() > b.size() ? a : std::move(b);
    return kept;
}
SOPOOL_CPP_TASK_WITH(SOPOOL_PURE, longer, "By reference.", a, b, c);

static double eight(std::int8_t a, unsigned b, float c, double d, long e,
                    unsigned long f, short g, unsigned char h)
{
    double total = a + d + g + h;

    total += b + static_cast<double>(c) + static_cast<double>(e);
    return total + static_cast<double>(f);
}
SOPOOL_CPP_TASK(eight, "The sum.", a, b, c, d, e, f, g, h);

static std::string_view repeat(sopool::call &call, std::string_view piece,
                               std::uint16_t times)
{
    std::size_t size = piece.size() * times;
    unsigned char *to = call.reserve(size);

    for (std::size_t i = 0; i < size; i++)
        to[i] = static_cast<unsigned char>(piece[i % piece.size()]);
    return std::string_view(reinterpret_cast<char *>(to), size);
}
SOPOOL_CPP_TASK(repeat, "In place.", piece, times);

static bool ask(sopool::call &call)
{
    std::memset(call.scratch(100), 1, 100);
    call.log(SOPOOL_LOG_WARNING, "a line from C++");
    return call.should_stop() || sopool_should_stop(call.get()) != 0;
}
SOPOOL_CPP_TASK(ask, "What a call offers.");

/* One written as in C may stand beside them. */
SOPOOL_TASK(plain_c, i64, "x and 1.", (i64, x))
{
    *out = a->x + 1;
    return SOPOOL_OK;
}

/* ---- typed arrays ------------------------------------------------------ */

static double sum(std::vector<double> x)
{
    double total = 0;

    for (double item : x)
        total += item;
    return total;
}
SOPOOL_CPP_TASK(sum, "The sum.", x);

/* ---- ways to fail ------------------------------------------------------ */

static int leave(std::string_view how)
{
    if (how == "runtime")
        throw std::runtime_error("a reason with 100% in it");
    if (how == "invalid")
        throw std::invalid_argument("not that");
    if (how == "range")
        return text().at(3);
    if (how == "memory")
        throw std::bad_alloc();
    if (how == "number")
        throw 7;
    if (how == "silent")
        throw std::runtime_error("");
    if (how == "thread")
        pthread_exit(nullptr);
    return 0;
}
SOPOOL_CPP_TASK(leave, "Leaves in the way that it is told.", how);

static std::string not_utf8()
{
    return "\xff";
}
SOPOOL_CPP_TASK(not_utf8, "Text that is none.");

SOPOOL_PLUGIN_WITH(sopool::load<start>, cplus, "1.0", yes, i8, i16, i32, i64,
                   u8, u16, u32, u64, f32, f64, str, view, blob, octet,
                   bytes_view, four, list, flags, pieces, three, two, several,
                   no_items, map, table, may, nested, starts, nothing, longer,
                   eight, repeat, ask, plain_c, sum, leave, not_utf8);
