using System.Diagnostics;

namespace Weft.Tests;

/// <summary>Assembles a source of the repository with binutils.</summary>
internal static class Assembler
{
    /// <summary>The flat image of its text section; null where binutils are missing.</summary>
    internal static byte[]? TryAssemble(string relativePath)
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Weft.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not below the repository's root.");
        if (!File.Exists("/usr/bin/as") || !File.Exists("/usr/bin/objcopy"))
            return null;
        string work = Directory.CreateTempSubdirectory("weft-as").FullName;
        try
        {
            Run("/usr/bin/as", Path.Combine(folder, relativePath), "-o", work + "/o");
            Run("/usr/bin/objcopy", "-O", "binary", "-j", ".text", work + "/o", work + "/bin");
            return File.ReadAllBytes(work + "/bin");
        }
        finally
        {
            Directory.Delete(work, true);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
