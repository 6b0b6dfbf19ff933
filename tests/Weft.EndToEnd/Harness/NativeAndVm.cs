using System.Collections.Concurrent;

namespace Weft.EndToEnd.Harness;

/// <summary>Runs a command natively and in a VM, and holds the two against each other.</summary>
internal static class NativeAndVm
{
    // A case runs in a VM once for each way of system calls; its native run is the same for all of them.
    private static readonly ConcurrentDictionary<string, Lazy<Task<Outcome>>> NativeRuns = new();

    /// <summary>
    /// Asserts that <paramref name="command"/> behaves in a VM, whose system calls go <paramref name="way"/>,
    /// as it does natively.
    /// </summary>
    public static async Task AssertSameAsync(Command command, string way, Comparison? comparison = null)
    {
        var inVm = command.InVm(way);
        // Beside each other: what is compared doesn't depend on time, and much of it is waiting.
        var running = NativeAsync(command);
        var vm = await Runs.OnceAsync(inVm);
        var native = await running;
        if ((comparison ?? Comparison.Exact).Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\n\n{inVm.Typed}\nVM: {vm.Describe()}\n\n{command.Typed}\nnative: {native.Describe()}");
    }

    /// <summary>Builds the named program of tests/programs and asserts as above.</summary>
    public static async Task AssertProgramSameAsync(string target, string way, Comparison? comparison = null, params string[] arguments)
    {
        string program = await Programs.BuildAsync(target);
        await AssertSameAsync(new Command(program, arguments), way, comparison);
    }

    private static Task<Outcome> NativeAsync(Command command)
    {
        string key = string.Join('\0', [command.Program, .. command.Arguments, command.Input, command.WorkingDirectory ?? "",
            .. command.Environment.Select(pair => pair.Key + "=" + pair.Value)]);
        return NativeRuns.GetOrAdd(key, _ => new Lazy<Task<Outcome>>(() => Runs.OnceAsync(command))).Value;
    }
}
