using System.Text;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.BasicAuth;

/// <summary>Users by name, found by the bytes a client sends.</summary>
internal sealed class UserTable
{
    private readonly Dictionary<string, User> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, User>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    /// <exception cref="ArgumentException">A hash is none, a name cannot be sent, or comes twice.</exception>
    public UserTable(IEnumerable<(string Name, string Hash, string Place)> entries)
    {
        foreach (var (name, text, place) in entries)
        {
            // RFC 7617 §2: a user-id holds no colon.
            if (name.Length == 0 || name.Contains(':', StringComparison.Ordinal) || name.Any(char.IsControl))
            {
                throw new ArgumentException($"{place}: '{name}' is no user name (RFC 7617 §2)");
            }

            // What does not parse may be a password in the clear: it is not repeated.
            if (!PasswordHash.TryParse(text, out var hash))
            {
                throw new ArgumentException($"{place}: the password of '{name}' is no hash like '$pbkdf2-sha256$i=600000$…$…'; 'filterproxy password' makes one");
            }

            if (!_users.TryAdd(name, new User(name, hash)))
            {
                throw new ArgumentException($"{place}: '{name}' is there twice");
            }
        }

        _lookup = _users.GetAlternateLookup<ReadOnlySpan<char>>();
        Nobody = new User("-", PasswordHash.OfNobody(_users.Values.Select(user => user.Hash.Iterations).DefaultIfEmpty(PasswordHash.DefaultIterations).Max()));
    }

    /// <summary>Stands in for a user that is not there, so that a wrong name takes as long as a wrong password.</summary>
    public User Nobody { get; }

    public User? Find(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[256];
        return name.Length <= text.Length && Encoding.UTF8.TryGetChars(name, text, out var length) && _lookup.TryGetValue(text[..length], out var user) ? user : null;
    }

    public static IEnumerable<(string Name, string Hash, string Place)> Read(string path)
    {
        var lines = OptionFile.Read(path, File.ReadAllLines);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length > 0 && line[0] != '#')
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                var place = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path}:{i + 1}");
                yield return colon > 0 ? (line[..colon], line[(colon + 1)..], place) : throw new ArgumentException($"{place}: expected 'name:hash'");
            }
        }
    }
}
