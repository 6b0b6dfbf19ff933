namespace Weft.EndToEnd;

/// <summary>Modules of Python's own test suite.</summary>
internal static class PythonModules
{
    public static IReadOnlyList<string> Quick { get; } = ["test_math", "test_json", "test_struct"];
    public static IReadOnlyList<string> Long { get; } = ["test_threading"];
}
