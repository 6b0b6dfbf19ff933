namespace Weft.EndToEnd;

/// <summary>Modules of Python's suite that take long, mostly by waiting: a class of its own runs beside the others.</summary>
public sealed class PythonLongTests
{
    public static IEnumerable<string> Modules => PythonModules.Long;

    [VmTheory(PythonModules.Python, PythonModules.Suite)]
    [EachWay(From = nameof(Modules), Spread = true)]
    public Task Module_passes_its_own_tests(string module, string way) => PythonModules.AssertSameAsync(module, way);
}
