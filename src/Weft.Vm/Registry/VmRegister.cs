using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Weft.Native;

namespace Weft.Vm.Registry;

/// <summary>The register of this user's running VMs on this host: a directory with a file a VM, without a daemon.</summary>
public static class VmRegister
{
    private const int MostRecordBytes = 64 << 10;
    private static readonly TimeSpan HalfMadeAge = TimeSpan.FromSeconds(10);

    /// <summary>The register's directory inside <see cref="RuntimeDirectory"/>.</summary>
    public static string DirectoryIn(string runtimeDirectory) => runtimeDirectory + "/vms";

    /// <summary>The VMs that run, by process id. Files that ended VMs left are removed.</summary>
    /// <param name="directory">The register's directory; one that is missing holds none.</param>
    public static IReadOnlyList<VmRecord> List(string directory)
    {
        List<VmRecord> records = [];
        if (!Directory.Exists(directory))
            return records;
        foreach (string path in Directory.EnumerateFiles(directory, "*", new EnumerationOptions { AttributesToSkip = 0 }))
            if (Read(path) is { } record)
                records.Add(record);
        records.Sort((left, right) => left.ProcessId.CompareTo(right.ProcessId));
        return records;
    }

    /// <summary>Removes what killed VMs left: records, sockets of groups, and groups without members.</summary>
    /// <param name="runtimeDirectory">As <see cref="RuntimeDirectory"/> has it.</param>
    public static void Sweep(string runtimeDirectory)
    {
        HashSet<int> running = [];
        foreach (VmRecord record in List(DirectoryIn(runtimeDirectory)))
            running.Add(record.ProcessId);
        string groups = runtimeDirectory + "/groups";
        if (!Directory.Exists(groups))
            return;
        foreach (string group in Directory.EnumerateDirectories(groups))
            SweepGroup(group, running);
    }

    private static void SweepGroup(string group, HashSet<int> running)
    {
        try
        {
            foreach (string path in Directory.EnumerateFileSystemEntries(group))
                if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && !running.Contains(id)
                    && DateTimeOffset.UtcNow - File.GetLastWriteTimeUtc(path) > HalfMadeAge)
                    File.Delete(path);
            // Fails while there is a member.
            Directory.Delete(group, false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody joins or leaves it now.
        }
    }

    /// <summary>The running VM of a process id, or null.</summary>
    public static VmRecord? Find(string directory, int processId) =>
        Read($"{directory}/{processId.ToString(CultureInfo.InvariantCulture)}");

    private static VmRecord? Read(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using NativeBuffer scratch = new(4096);
            bool halfMade = Path.GetFileName(path).StartsWith('.');
            if (!RecordLock.IsHeld((int)file.DangerousGetHandle(), scratch))
            {
                if (!halfMade || DateTimeOffset.UtcNow - File.GetLastWriteTimeUtc(path) > HalfMadeAge)
                    File.Delete(path);
                return null;
            }
            if (halfMade)
                return null;
            byte[] content = new byte[Math.Min(MostRecordBytes, RandomAccess.GetLength(file))];
            int length = RandomAccess.Read(file, content, 0);
            return VmRecord.Parse(content.AsSpan(0, length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended between the listing and the look.
            return null;
        }
    }
}
