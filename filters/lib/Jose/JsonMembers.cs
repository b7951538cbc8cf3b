using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>
/// Where the members of a JSON object stand in its text: found in one pass that refuses what <see cref="StrictJson"/> refuses and makes nothing of them. For
/// what tokens hold, a few members without escapes; anything else is for the other way.
/// </summary>
internal sealed class JsonMembers
{
    // Each name is compared with those before it in its object.
    private const int MostNames = 64;

    private readonly byte[] _utf8;
    private readonly Member[] _members;

    private JsonMembers(byte[] utf8, Member[] members) => (_utf8, _members) = (utf8, members);

    /// <summary>The text.</summary>
    public ReadOnlySpan<byte> Text => _utf8;

    /// <summary>Finds the members; null where the text is not for this way, or no JSON, for which it then has a name.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="problem">What <see cref="StrictJson"/> would say; empty where that is not known.</param>
    public static JsonMembers? Find(ReadOnlySpan<byte> utf8, out string problem)
    {
        problem = "";
        if (!System.Text.Unicode.Utf8.IsValid(utf8) || utf8.Contains((byte)'\\'))
        {
            return null;
        }

        Span<Member> members = stackalloc Member[MostNames];
        try
        {
            return TryScan(utf8, members, out var count) ? new JsonMembers(utf8.ToArray(), members[..count].ToArray()) : null;
        }
        catch (JsonException e)
        {
            problem = StrictJson.Describe(e);
            return null;
        }
    }

    /// <summary>A member's value; false where there is none.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out JsonWritten value)
    {
        foreach (ref readonly var member in _members.AsSpan())
        {
            if (NameOf(member).SequenceEqual(name))
            {
                value = ValueOf(member);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out JsonWritten)"/>
    public bool TryGet(string name, out JsonWritten value)
    {
        foreach (ref readonly var member in _members.AsSpan())
        {
            if (JsonWritten.AreSame(NameOf(member), name))
            {
                value = ValueOf(member);
                return true;
            }
        }

        value = default;
        return false;
    }

    private static bool TryScan(ReadOnlySpan<byte> utf8, Span<Member> members, out int count)
    {
        count = 0;
        Span<Name> names = stackalloc Name[MostNames];
        Span<int> firstNames = stackalloc int[StrictJson.Deepest];
        var known = 0;
        Member member = default;
        var reader = new Utf8JsonReader(utf8, StrictJson.Reading);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read())
        {
            var depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var name = new Name((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    if (known == MostNames || IsAmong(names[firstNames[depth - 1]..known], name, utf8))
                    {
                        return false;
                    }

                    names[known++] = name;
                    member = depth == 1 ? new Member { NameStart = name.Start, NameLength = name.Length } : member;
                    continue;

                case JsonTokenType.StartObject:
                    firstNames[depth] = known;
                    break;

                case JsonTokenType.EndObject:
                    known = firstNames[depth];
                    break;
            }

            if (depth == 1)
            {
                // Of a list or an object its end comes here as well, and makes it longer.
                count += Note(ref member, reader) ? 1 : 0;
                members[count - 1] = member;
            }
        }

        return true;
    }

    /// <summary>Notes where a value is. True where it begins.</summary>
    private static bool Note(ref Member member, in Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
        {
            member.Length = (int)reader.BytesConsumed - member.Start;
            return false;
        }

        var quote = reader.TokenType == JsonTokenType.String ? 1 : 0;
        (member.Start, member.Length, member.Kind) = ((int)reader.TokenStartIndex + quote, reader.ValueSpan.Length, reader.TokenType);
        return true;
    }

    private static bool IsAmong(ReadOnlySpan<Name> names, Name name, ReadOnlySpan<byte> utf8)
    {
        foreach (var other in names)
        {
            if (other.Length == name.Length && utf8.Slice(other.Start, other.Length).SequenceEqual(utf8.Slice(name.Start, name.Length)))
            {
                return true;
            }
        }

        return false;
    }

    private ReadOnlySpan<byte> NameOf(in Member member) => _utf8.AsSpan(member.NameStart, member.NameLength);

    private JsonWritten ValueOf(in Member member) => new(member.Kind, _utf8.AsSpan(member.Start, member.Length));

    private readonly record struct Name(int Start, int Length);

    private struct Member
    {
        public int NameStart;
        public int NameLength;
        public int Start;
        public int Length;
        public JsonTokenType Kind;
    }
}
