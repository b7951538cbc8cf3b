using System.Text;

namespace FilterProxy.Core.Config.Tree;

/// <summary>
/// Environment variables in scalars: <c>${NAME}</c>, <c>${NAME:-default}</c> (also when the variable is empty), <c>$${</c> for a
/// plain <c>${</c>. Done after parsing, so that a variable can hold any text but never structure.
/// </summary>
internal static class EnvironmentText
{
    /// <summary>
    /// The text with every variable replaced. On failure <paramref name="position"/> says where in the text.
    /// </summary>
    public static bool TryExpand(
        string text, Func<string, string?> environment, out string expanded, out int position, out string error, out string hint)
    {
        (expanded, position, error, hint) = (text, 0, "", "");
        var next = text.IndexOf("${", StringComparison.Ordinal);
        if (next < 0)
        {
            return true;
        }

        var result = new StringBuilder(text.Length);
        var done = 0;
        for (; next >= 0; next = text.IndexOf("${", done, StringComparison.Ordinal))
        {
            if (next > done && text[next - 1] == '$')
            {
                result.Append(text, done, next - 1 - done).Append("${");
                done = next + 2;
                continue;
            }

            position = next;
            var end = text.IndexOf('}', next);
            if (end < 0)
            {
                (error, hint) = ("'${' is not closed", "write '$${' for a plain '${'");
                return false;
            }

            var inner = text[(next + 2)..end];
            var colon = inner.IndexOf(":-", StringComparison.Ordinal);
            var name = colon < 0 ? inner : inner[..colon];
            if (!IsName(name))
            {
                (error, hint) = ($"'{name}' cannot be the name of an environment variable", "write '$${' for a plain '${'");
                return false;
            }

            var value = environment(name);
            if (colon >= 0 && string.IsNullOrEmpty(value))
            {
                value = inner[(colon + 2)..];
            }

            if (value is null)
            {
                (error, hint) = ($"environment variable '{name}' is not set", $"'${{{name}:-default}}' gives it a default");
                return false;
            }

            result.Append(text, done, next - done).Append(value);
            done = end + 1;
        }

        expanded = result.Append(text, done, text.Length - done).ToString();
        return true;
    }

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
