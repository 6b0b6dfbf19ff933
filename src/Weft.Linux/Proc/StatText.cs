namespace Weft.Linux.Proc;

/// <summary>/proc/PID/stat and statm. What the host's scheduler knows comes from the task's host thread.</summary>
internal static class StatText
{
    private const ulong PageSize = 4096;

    // Indices into the fields after the name, so that state (field 3 of the manual page) is 0. Source: proc_pid_stat(5).
    private const int ThreadCount = 17, VirtualSize = 20, Resident = 21, ResidentLimit = 22, CodeStart = 23, CodeEnd = 24, StackStart = 25,
        StackPointer = 26, InstructionPointer = 27, Pending = 28, Blocked = 29, Ignored = 30, Caught = 31, WaitChannel = 32,
        DataStart = 42, DataEnd = 43, BreakStart = 44, ArgumentsStart = 45, ArgumentsEnd = 46, EnvironmentStart = 47, EnvironmentEnd = 48;

    /// <summary>The line of stat.</summary>
    internal static string Of(TaskView view, ViewContext context)
    {
        string host = context.Host.ReadText(view.HostPath + "/stat");
        int nameEnd = host.LastIndexOf(')');
        if (nameEnd < 0 || nameEnd + 2 >= host.Length)
            return "";
        string[] fields = host[(nameEnd + 2)..].TrimEnd('\n').Split(' ');
        if (fields.Length <= EnvironmentEnd)
            return "";
        Fill(fields, view, context);
        return $"{view.ThreadId} ({view.Name}) {string.Join(' ', fields)}\n";
    }

    /// <summary>The line of statm.</summary>
    internal static string Pages(TaskView view, ViewContext context)
    {
        MemorySizes sizes = new(view.Memory.SnapshotAreas(), view.ExecutablePath);
        ResidentCounts counts = context.Memory.Resident(view.Process);
        return $"{sizes.TotalBytes / PageSize} {counts.Bytes / PageSize} {(counts.Bytes - counts.AnonymousBytes) / PageSize} {sizes.CodeBytes / PageSize} 0 {(sizes.DataBytes + sizes.StackBytes) / PageSize} 0\n";
    }

    private static void Fill(string[] fields, TaskView view, ViewContext context)
    {
        MemorySizes sizes = new(view.Memory.SnapshotAreas(), view.ExecutablePath);
        SignalSets signals = SignalSets.Of(view);
        const ulong lowestWord = 0x7fffffff;
        fields[ThreadCount] = $"{view.Process.ThreadCount}";
        fields[VirtualSize] = $"{sizes.TotalBytes}";
        fields[Resident] = $"{context.Memory.Resident(view.Process).Bytes / PageSize}";
        fields[ResidentLimit] = $"{ulong.MaxValue}";
        fields[CodeStart] = $"{sizes.CodeStart}";
        fields[CodeEnd] = $"{sizes.CodeEnd}";
        fields[StackStart] = $"{(view.Process.Image?.ArgumentsStart ?? 0) & ~15ul}";
        fields[StackPointer] = fields[InstructionPointer] = fields[WaitChannel] = "0";
        fields[Pending] = $"{signals.Pending & lowestWord}";
        fields[Blocked] = $"{signals.Blocked & lowestWord}";
        fields[Ignored] = $"{signals.Ignored & lowestWord}";
        fields[Caught] = $"{signals.Caught & lowestWord}";
        fields[DataStart] = $"{sizes.DataStart}";
        fields[DataEnd] = $"{sizes.DataEnd}";
        fields[BreakStart] = $"{sizes.BreakStart}";
        if (view.Process.Image is not { } image)
            return;
        fields[ArgumentsStart] = $"{image.ArgumentsStart}";
        fields[ArgumentsEnd] = $"{image.ArgumentsStart + ArgumentText.LengthOf(image.Arguments)}";
        fields[EnvironmentStart] = $"{image.EnvironmentStart}";
        fields[EnvironmentEnd] = $"{image.EnvironmentStart + ArgumentText.LengthOf(image.Environment)}";
    }
}
