// tbb.cc - oneTBB's task group: many calls, submitted one by one, then
// collected.
//
//     tbb async COUNT
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <oneapi/tbb/task_group.h>

int main(int argc, char **argv)
{
    if (argc != 3 || std::strcmp(argv[1], "async") != 0)
        return 2;
    const auto count = static_cast<std::size_t>(std::atol(argv[2]));
    std::vector<std::int64_t> in(count), out(count);
    std::int64_t sum = 0;

    for (std::size_t i = 0; i < count; i++)
        in[i] = static_cast<std::int64_t>(i);
    // Of the second round, when memory is warm.
    std::chrono::duration<double, std::nano> took{};
    for (int round = 0; round < 2; round++) {
        const auto began = std::chrono::steady_clock::now();
        tbb::task_group group;
        for (std::size_t i = 0; i < count; i++)
            group.run([&in, &out, i] { out[i] = in[i]; });
        group.wait();
        for (const std::int64_t x : out)
            sum += x;
        took = std::chrono::steady_clock::now() - began;
    }
    std::printf("%.3f\n",
                sum < 0 ? -1 : took.count() / static_cast<double>(count));
    return 0;
}
