namespace Weft.EndToEnd;

/// <summary>The distribution's Python, and the parts of its own test suite that start no other process.</summary>
public sealed class PythonTests
{
    private const string Python = PythonModules.Python;

    [VmTheory(Python)]
    [EachWay]
    public Task Print(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, "-c", "print('hello', 6 * 7)"), way, new Comparison { MustPrint = "hello 42", Status = 0 });

    [VmTheory(Python)]
    [EachWay]
    public Task Wide_use_of_the_library(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, Path.Combine(PythonModules.Folder, "wide.py")), way, new Comparison { MustPrint = "gc:", Status = 21 });

    [VmTheory(Python, "/usr/lib/python3/dist-packages/numpy/__init__.py")]
    [EachWay]
    public Task Numpy_over_a_threaded_BLAS(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, Path.Combine(PythonModules.Folder, "arrays.py")), way, new Comparison { MustPrint = "mapped 1748250000", Status = 0 });

    [VmTheory(Python)]
    [EachWay]
    public Task Traceback_of_an_error(string way) =>
        NativeAndVm.AssertSameAsync(new Command(Python, "-c", "import json; json.loads('[1, 2')"), way, new Comparison { Status = 1 });

    public static IEnumerable<string> BriefModules => PythonModules.Brief;

    public static IEnumerable<string> QuickModules => PythonModules.Quick;

    [VmTheory(Python, PythonModules.Suite)]
    [EachWay(From = nameof(BriefModules))]
    public Task Brief_module_passes_its_own_tests(string module, string way) => PythonModules.AssertSameAsync(module, way);

    [VmTheory(Python, PythonModules.Suite)]
    [EachWay(From = nameof(QuickModules), Spread = true)]
    public Task Module_passes_its_own_tests(string module, string way) => PythonModules.AssertSameAsync(module, way);
}
