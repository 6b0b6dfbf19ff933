using Weft.Native;

namespace Weft.Linux;

/// <summary>The calls whose answer never changes while a thread lives, so that the stub itself knows it.</summary>
internal static class StubAnswers
{
    internal static readonly SystemCall[] Calls = [.. SystemCallTable.Infos
        .Where(info => (info.Ways & CallWays.Stub) != 0)
        .Select(info => (SystemCall)info.Number)
        .Take(Machine.SystemCallSlot.AnswerCount)];
}
