namespace Weft.EndToEnd;

/// <summary>Programs that fork without executing another program.</summary>
public sealed class ForkTests
{
    private const string Python = "/usr/bin/python3.11";

    [VmTheory(Python)]
    [EachWay]
    public Task Python_spreads_work_over_forked_processes(string way) => NativeAndVm.AssertSameAsync(new Command(Python, "-c", """
        import multiprocessing as m, os, subprocess, threading
        m.set_start_method("fork")
        with m.Pool(3) as pool:
            print(sum(pool.map(abs, range(-50, 50))))
        queue = m.Queue()
        child = m.Process(target=lambda: queue.put(("from", "child")))
        child.start(); print(queue.get()); child.join(); print(child.exitcode)
        shared = m.Value("i", 0)
        children = [m.Process(target=lambda: shared.__setattr__("value", shared.value + 1)) for _ in range(3)]
        for c in children: c.start(); c.join()
        print(shared.value)
        print(subprocess.run(["sh", "-c", "echo $X; exit 3"], env={"X": "y"}, capture_output=True))
        try: subprocess.run(["/no/such"])
        except FileNotFoundError as e: print(e)
        print(os.waitstatus_to_exitcode(os.system("kill -9 $$")) if os.name == "posix" else 0)
        """), way, new Comparison { Status = 0, MustPrint = "from" });

    /// <summary>More memory than what is copied at once, changed on both sides, in a process of several threads.</summary>
    [VmTheory(Python)]
    [EachWay]
    public Task Large_memory_is_the_childs_own(string way) => NativeAndVm.AssertSameAsync(new Command(Python, "-c", """
        import os, threading, time
        stop = threading.Event()
        for _ in range(3): threading.Thread(target=lambda: [time.sleep(0.001) for _ in iter(lambda: not stop.is_set(), False)]).start()
        data = bytearray(range(256)) * (128 << 12)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(read, 1)
            ok = data[5] == 5 and data[-1] == 255 and data.count(7) == 128 << 12
            data[5] = 6
            os._exit(0 if ok and data[5] == 6 else 1)
        data[5] = 99; data[-1] = 0
        os.write(write, b"x")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), data[5])
        stop.set()
        """), way, new Comparison { Status = 0, MustPrint = "0 99" });
}
