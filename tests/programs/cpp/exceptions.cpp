// Exceptions: through deep frames, with unwinding, across threads by exception_ptr and futures, from constructors and
// out of signal-free C callbacks; and the library that rests on threads.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

static std::atomic<int> alive;

struct Counted {
    Counted() { ++alive; }
    Counted(const Counted &) { ++alive; }
    ~Counted() { --alive; }
};

struct Own : std::runtime_error {
    int depth;
    Own(int depth) : std::runtime_error("own"), depth(depth) {}
};

[[gnu::noinline]] static int dive(int depth)
{
    Counted here;
    if (depth == 0)
        throw Own(42);
    return dive(depth - 1) + 1;
}

struct FailsToBuild {
    Counted part;
    FailsToBuild() { throw std::logic_error("half built"); }
};

static int compare(const void *, const void *)
{
    throw std::runtime_error("through C");
}

static void nested()
{
    try {
        try {
            dive(10);
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    } catch (const std::exception &e) {
        std::cout << e.what();
        try {
            std::rethrow_if_nested(e);
        } catch (const Own &own) {
            std::cout << " around " << own.what() << ' ' << own.depth << '\n';
        }
    }
}

int main()
{
    try {
        dive(1000);
    } catch (const Own &e) {
        std::cout << "caught " << e.depth << " alive " << alive << '\n';
    }
    nested();
    try {
        FailsToBuild never;
    } catch (const std::logic_error &e) {
        std::cout << e.what() << " alive " << alive << '\n';
    }

    std::exception_ptr carried;
    std::thread([&] {
        try {
            dive(100);
        } catch (...) {
            carried = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(carried);
    } catch (const Own &e) {
        std::cout << "carried " << e.depth << '\n';
    }

    auto future = std::async(std::launch::async, [] { return dive(50); });
    try {
        future.get();
    } catch (const Own &) {
        std::cout << "future threw\n";
    }

    // Many threads that throw at once share the unwinder's caches.
    std::vector<std::thread> threads;
    std::atomic<int> caught = 0;
    for (int t = 0; t < 8; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 500; i++)
                try {
                    dive(t + i % 20);
                } catch (const Own &) {
                    caught++;
                }
        });
    for (auto &thread : threads)
        thread.join();
    std::cout << "caught in threads " << caught << " alive " << alive << '\n';

    int numbers[2] = { 2, 1 };
    try {
        std::qsort(numbers, 2, sizeof *numbers, compare);
    } catch (const std::runtime_error &e) {
        std::cout << e.what() << '\n';
    }
    try {
        std::vector<int> v(3);
        std::cout << v.at(3);
    } catch (const std::out_of_range &) {
        std::cout << "out of range\n";
    }
    try {
        volatile std::size_t size = std::size_t(1) << 62;
        std::cout << (void *)new char[size];
    } catch (const std::bad_alloc &) {
        std::cout << "bad alloc\n";
    }
    try {
        dynamic_cast<const std::bad_cast &>(static_cast<const std::exception &>(Own(1)));
    } catch (const std::bad_cast &) {
        std::cout << "bad cast\n";
    }

    std::promise<int> promise;
    std::jthread setter([&](std::stop_token) { promise.set_value(7); });
    std::shared_mutex shared;
    std::map<int, int> squares;
    {
        std::vector<std::jthread> pool;
        for (int t = 0; t < 4; t++)
            pool.emplace_back([&, t] {
                for (int i = t; i < 400; i += 4) {
                    std::unique_lock hold(shared);
                    squares[i] = i * i;
                }
            });
    }
    long sum = 0;
    for (auto [_, square] : squares)
        sum += square;
    std::cout << "promise " << promise.get_future().get() << " squares " << sum << '\n';
    return 0;
}
