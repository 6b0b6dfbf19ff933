namespace Weft.Cli;

/// <summary>The program's environment: the caller's, changed by --env.</summary>
public static class ProgramEnvironment
{
    /// <summary>The caller's variables in their order, each --env in the place of its namesake or at the end.</summary>
    /// <param name="caller">"NAME=value" each.</param>
    /// <param name="changes">"NAME=value", or "NAME", which leaves the caller's as it is.</param>
    public static List<byte[]> Build(IReadOnlyList<byte[]> caller, IReadOnlyList<byte[]> changes)
    {
        List<byte[]> result = [.. caller];
        foreach (byte[] change in changes)
        {
            int equals = Array.IndexOf(change, (byte)'=');
            if (equals < 0)
                continue;
            byte[] prefix = change[..(equals + 1)];
            int place = result.FindIndex(variable => variable.AsSpan().StartsWith(prefix));
            if (place < 0)
                result.Add(change);
            else
            {
                // Repeated variables become one: the program must not read an older value.
                result.RemoveAll(variable => variable.AsSpan().StartsWith(prefix));
                result.Insert(place, change);
            }
        }
        return result;
    }
}
