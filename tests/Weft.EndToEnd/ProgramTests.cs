using System.Text.Json;

namespace Weft.EndToEnd;

/// <summary>Programs of our own in C, C++ and Fortran: each exercises one subject and prints what must be the same.</summary>
public sealed class ProgramTests
{
    [VmTheory]
    [EachWay("pthreads", "pthreads-static")]
    public Task Threads_work_together(string program, string way) =>
        NativeAndVm.AssertProgramSameAsync(program, way, new Comparison { MustPrint = "threads done", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task OpenMP_in_C(string way) =>
        NativeAndVm.AssertProgramSameAsync("openmp", way, new Comparison { MustPrint = "teams 4 4 4 4", Status = 0 });

    [VmTheory("gfortran")]
    [EachWay]
    public Task OpenMP_in_Fortran(string way) =>
        NativeAndVm.AssertProgramSameAsync("openmp-fortran", way, new Comparison { MustPrint = "line 100", Status = 0 });

    [VmTheory("g++")]
    [EachWay]
    public Task Exceptions_cross_frames_and_threads(string way) =>
        NativeAndVm.AssertProgramSameAsync("exceptions", way, new Comparison { MustPrint = "promise 7", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Signals_are_handled(string way) =>
        NativeAndVm.AssertProgramSameAsync("signals", way, new Comparison { MustPrint = "waiting for signals", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Jumps_and_contexts(string way) =>
        NativeAndVm.AssertProgramSameAsync("jumps", way, new Comparison { MustPrint = "threads 40006", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Memory_maps_at_their_edges(string way) =>
        NativeAndVm.AssertProgramSameAsync("maps", way, new Comparison { MustPrint = "threads that map", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Sparse_reservation_of_300_GB(string way) =>
        NativeAndVm.AssertProgramSameAsync("sparse", way, new Comparison { MustPrint = "64 GB writable", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Vector_units_compute_and_keep_their_registers(string way) =>
        NativeAndVm.AssertProgramSameAsync("vectors", way, new Comparison { MustPrint = "registers kept", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Clocks_and_timers(string way) =>
        NativeAndVm.AssertProgramSameAsync("timers", way, new Comparison { MustPrint = "accounts of time used", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task Sockets_and_waiting(string way) =>
        NativeAndVm.AssertProgramSameAsync("sockets", way, new Comparison { MustPrint = "localhost 127.0.0.1 80", Status = 0 });

    [VmTheory]
    [EachWay]
    public Task A_program_knows_itself(string way) =>
        NativeAndVm.AssertProgramSameAsync("self", way, new Comparison { MustPrint = "self known", Status = 0 });

    [VmTheory]
    [EachWay]
    public async Task Files_and_folders(string way)
    {
        string program = await Programs.BuildAsync("files");
        using var outside = new TemporaryFolder();
        using var inside = new TemporaryFolder();
        var native = await Runs.OnceAsync(new Command(program, outside.Path));
        var vm = await Runs.OnceAsync(new Command(program, inside.Path).InVm(way));
        Assert.Contains("left:", native.Output);
        Assert.Equal(native.Output, vm.Output);
        Assert.Equal((native.Status, native.Error), (vm.Status, vm.Error));
    }

    [VmTheory("fio")]
    [EachWay("sync", "psync", "pvsync2", "mmap", "posixaio")]
    public async Task File_input_and_output_is_verified(string engine, string way)
    {
        using var folder = new TemporaryFolder();
        var fio = new Command(Surroundings.Find("fio")!, "--thread", "--name=verified", $"--ioengine={engine}", "--rw=randrw", "--bs=4k", "--size=4m",
            "--numjobs=2", "--fsync=64", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", "--output-format=json", $"--directory={folder.Path}");
        foreach (var command in new[] { fio, fio.InVm(way) })
        {
            var outcome = await Runs.OnceAsync(command);
            Assert.True(outcome.Status == 0, outcome.Describe());
            using var report = JsonDocument.Parse(outcome.Output[outcome.Output.IndexOf('{', StringComparison.Ordinal)..]);
            Assert.All(report.RootElement.GetProperty("jobs").EnumerateArray(), job => Assert.Equal(0, job.GetProperty("error").GetInt32()));
        }
    }
}
