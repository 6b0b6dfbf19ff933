using Weft.Native;

namespace Weft.Linux;

/// <summary>The calls whose answer never changes while a thread lives, so that the stub itself knows it.</summary>
internal static class StubAnswers
{
    internal static readonly SystemCall[] Calls = Find();

    private static SystemCall[] Find()
    {
        List<SystemCall> calls = [];
        foreach (SystemCallInfo info in SystemCallTable.Infos)
            if ((info.Ways & CallWays.Stub) != 0 && calls.Count < Machine.SystemCallSlot.AnswerCount)
                calls.Add((SystemCall)info.Number);
        return [.. calls];
    }
}
