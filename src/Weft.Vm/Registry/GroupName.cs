using System.Text;

namespace Weft.Vm.Registry;

/// <summary>Names of groups: they become names of directories, so only harmless ones are taken.</summary>
public static class GroupName
{
    /// <summary>The longest name.</summary>
    public const int Longest = 64;

    /// <summary>Whether a text may name a group: letters, digits and _.- after a letter or digit.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= Longest && char.IsAsciiLetterOrDigit(name[0])
        && !name.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    /// <summary>A name for a job that a launcher identifies by any text.</summary>
    /// <remarks>FNV-1a of 64 bits: no two jobs of one user at a time are likely to share a name, and OpenSSL need not be loaded for it.</remarks>
    internal static string OfJob(string launcher, string identity)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte one in Encoding.UTF8.GetBytes(identity))
            hash = (hash ^ one) * 0x100000001b3;
        return $"{launcher}-{hash:x16}";
    }
}
