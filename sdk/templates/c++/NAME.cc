// @name@.cc - a plugin with one task. See README.md.
#include <sopool/task.hpp>

static std::string hello(std::string_view name)
{
    return "Hello, " + std::string(name) + "!";
}

SOPOOL_CPP_TASK(hello, "Greets.", name);
SOPOOL_PLUGIN(@name@, "0.1", hello);
