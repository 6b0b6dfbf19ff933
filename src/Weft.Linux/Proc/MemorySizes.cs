using Weft.Linux.Memory;

namespace Weft.Linux.Proc;

/// <summary>What an address space's areas add up to, as mm_struct counts it, and where its pieces lie.</summary>
internal readonly struct MemorySizes
{
    /// <summary>Adds the areas up.</summary>
    /// <param name="areas">A snapshot.</param>
    /// <param name="executablePath">The program's file, for <see cref="CodeBytes"/> and the addresses.</param>
    internal MemorySizes(MemoryArea[] areas, string executablePath)
    {
        foreach (MemoryArea area in areas)
        {
            bool isExecutable = (area.Protection & Protection.Execute) != 0, isWritable = (area.Protection & Protection.Write) != 0;
            bool isProgram = area.File?.Path == executablePath;
            TotalBytes += area.Length;
            if (area.Name == "[stack]")
                StackBytes += area.Length;
            else if (isWritable && !area.IsShared)
                DataBytes += area.Length;
            if (area.IsLocked)
                LockedBytes += area.Length;
            if (area.Name == "[heap]" && BreakStart == 0)
                BreakStart = area.Start;
            if (isExecutable && !isWritable && area.File is not null)
            {
                ExecutableBytes += area.Length;
                if (isProgram)
                {
                    CodeBytes += area.Length;
                    CodeStart = CodeStart == 0 ? area.Start : CodeStart;
                    CodeEnd = area.End;
                }
            }
            else if (isProgram && isWritable)
            {
                DataStart = DataStart == 0 ? area.Start : DataStart;
                DataEnd = area.End;
            }
        }
    }

    internal ulong TotalBytes { get; }

    internal ulong StackBytes { get; }

    internal ulong DataBytes { get; }

    internal ulong LockedBytes { get; }

    /// <summary>Of all executable files.</summary>
    internal ulong ExecutableBytes { get; }

    /// <summary>Of the program's own file.</summary>
    internal ulong CodeBytes { get; }

    internal ulong CodeStart { get; }

    internal ulong CodeEnd { get; }

    internal ulong DataStart { get; }

    internal ulong DataEnd { get; }

    internal ulong BreakStart { get; }
}
