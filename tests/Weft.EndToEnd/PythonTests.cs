namespace Weft.EndToEnd;

/// <summary>The distribution's Python, and the parts of its own test suite that start no other process.</summary>
public sealed class PythonTests
{
    private const string Python = "/usr/bin/python3.11";
    private const string Suite = "/usr/lib/python3.11/test/test_math.py";
    private static readonly string Folder = Path.Combine(Repository.Programs, "python");

    [VmTheory(Python)]
    [EachWay]
    public Task Print(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, "-c", "print('hello', 6 * 7)"), way, new Comparison { MustPrint = "hello 42", Status = 0 });

    [VmTheory(Python)]
    [EachWay]
    public Task Wide_use_of_the_library(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, Path.Combine(Folder, "wide.py")), way, new Comparison { MustPrint = "gc:", Status = 21 });

    [VmTheory(Python)]
    [EachWay]
    public Task Traceback_of_an_error(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, "-c", "import json; json.loads('[1, 2')"), way, new Comparison { Status = 1 });

    public static IEnumerable<string> QuickModules => PythonModules.Quick;

    public static IEnumerable<string> LongModules => PythonModules.Long;

    [VmTheory(Python, Suite)]
    [EachWay(From = nameof(QuickModules))]
    public Task Module_passes_its_own_tests(string module, string way) => RunModuleAsync(module, way);

    [VmTheory(Python, Suite)]
    [EachWay(From = nameof(LongModules), Spread = true)]
    public Task Long_module_passes_its_own_tests(string module, string way) => RunModuleAsync(module, way);

    private static Task RunModuleAsync(string module, string way)
    {
        var command = new Command(Python, Path.Combine(Folder, "run_module.py"), module, Path.Combine(Folder, "exclusions.txt"))
        {
            Timeout = TimeSpan.FromMinutes(4),
        };
        return NativeAndVm.AssertSameAsync(command, way, Comparison.OutputOnly with { MustPrint = $"{module}: ", Status = 0 });
    }
}
