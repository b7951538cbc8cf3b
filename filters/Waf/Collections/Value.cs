namespace FilterProxy.Filters.Waf.Collections;

/// <summary>One value rules look at, with its name in its collection and the forms transformations gave it.</summary>
/// <param name="key">Its name; empty where it stands alone.</param>
/// <param name="text">Bytes as Latin-1.</param>
internal sealed class Value(string key, string text)
{
    private readonly Form _raw = new(text);
    private Form?[]? _forms;

    public string Key { get; } = key;

    public string Text => _raw.Text;

    /// <param name="number">A list of transformations.</param>
    /// <param name="table">Whose it is: always the same for one value.</param>
    public Form Get(int number, FormTable table)
    {
        if (number == 0)
        {
            return _raw;
        }

        _forms ??= new Form?[table.Count];
        if (_forms[number] is { } known)
        {
            return known;
        }

        var (parent, step) = table[number];
        var before = Get(parent, table);
        var text = step!.Apply(before.Text);
        var form = ReferenceEquals(text, before.Text) ? before : new Form(text, step.ChangesCaseOnly ? before : null);
        _forms[number] = form;
        return form;
    }
}
