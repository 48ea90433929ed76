//! Text as untidy as a real tenant's: many scripts, emoji, right-to-left names, specials of XML and JSON, malformed
//! e-mail addresses and telephone numbers, duplicates, and now and then a very long memo.
use super::generator::Generator;
use super::value::Value;

const FIRST: [(&str, &str); 40] = [
    ("Ann", "ann"),
    ("Zoë", "zoe"),
    ("José", "jose"),
    ("Łukasz", "lukasz"),
    ("Søren", "soren"),
    ("Ayşe", "ayse"),
    ("İbrahim", "ibrahim"),
    ("Çağla", "cagla"),
    ("Jürgen", "juergen"),
    ("François", "francois"),
    ("Мария", "maria"),
    ("Дмитрий", "dmitry"),
    ("Ελένη", "eleni"),
    ("محمد", "mohammed"),
    ("فاطمة", "fatima"),
    ("שרה", "sarah"),
    ("דוד", "david"),
    ("美咲", "misaki"),
    ("健太", "kenta"),
    ("小明", "xiaoming"),
    ("지우", "jiwoo"),
    ("अनिका", "anika"),
    ("ธนา", "thana"),
    ("Nguyễn", "nguyen"),
    ("Siobhán", "siobhan"),
    ("Miles", "miles"),
    ("Grace", "grace"),
    ("Priya", "priya"),
    ("Kwame", "kwame"),
    ("Oluwaseun", "oluwaseun"),
    ("Björn", "bjorn"),
    ("Chloé", "chloe"),
    ("Noah", "noah"),
    ("Emma", "emma"),
    ("Liam", "liam"),
    ("Olivia", "olivia"),
    ("Mateo", "mateo"),
    ("Yara", "yara"),
    ("Max 🚀", "max"),
    ("Jo-Anne", "joanne"),
];
const LAST: [(&str, &str); 36] = [
    ("O'Brien", "obrien"),
    ("D’Angelo", "dangelo"),
    ("Müller", "mueller"),
    ("Nuñez", "nunez"),
    ("Kowalski", "kowalski"),
    ("Åström", "astrom"),
    ("Yılmaz", "yilmaz"),
    ("Öztürk", "ozturk"),
    ("Петрова", "petrova"),
    ("Παπαδόπουλος", "papas"),
    ("الأحمد", "alahmad"),
    ("כהן", "cohen"),
    ("田中", "tanaka"),
    ("王", "wang"),
    ("김", "kim"),
    ("शर्मा", "sharma"),
    ("Smith", "smith"),
    ("Jones", "jones"),
    ("Ito", "ito"),
    ("van der Berg", "vanderberg"),
    ("García-López", "garcia"),
    ("Smith & Sons", "smithsons"),
    ("\"Duke\" Ellington", "ellington"),
    ("<Unknown>", "unknown"),
    ("MacDonald", "macdonald"),
    ("Nielsen", "nielsen"),
    ("Rossi", "rossi"),
    ("Silva", "silva"),
    ("Dubois", "dubois"),
    ("Novák", "novak"),
    ("Okafor", "okafor"),
    ("Haddad", "haddad"),
    ("Lee", "lee"),
    ("Brown", "brown"),
    ("de Souza", "desouza"),
    ("Ng", "ng"),
];
/// City, state, country.
pub const PLACES: [(&str, &str, &str); 16] = [
    ("İstanbul", "Marmara", "Türkiye"),
    ("Zürich", "ZH", "Switzerland"),
    ("São Paulo", "SP", "Brazil"),
    ("München", "Bayern", "Germany"),
    ("New York", "NY", "United States"),
    ("Montréal", "QC", "Canada"),
    ("Kraków", "Małopolskie", "Poland"),
    ("القاهرة", "القاهرة", "مصر"),
    ("תל אביב", "", "Israel"),
    ("東京", "東京都", "日本"),
    ("London", "", "United Kingdom"),
    ("L'Aquila", "AQ", "Italy"),
    ("Reykjavík", "", "Iceland"),
    ("Mumbai", "Maharashtra", "India"),
    ("Αθήνα", "Αττική", "Greece"),
    ("St. John's", "NL", "Canada"),
];
const STREETS: [&str; 8] = [
    "Main St.",
    "İstiklal Cd.",
    "Bahnhofstraße",
    "Rue de l'Église",
    "1–5 Market Sq.",
    "Av. Paulista",
    "Üniversite Blv.",
    "5th Ave \"North\"",
];
/// Job titles.
pub const TITLES: [&str; 10] = [
    "CEO",
    "Buyer",
    "Head of R&D",
    "Sales <EMEA>",
    "Verkäufer/in",
    "Directeur général",
    "مدير",
    "CFO \\ Finance",
    "Intern",
    "Owner's Representative",
];
const COMPANY: [&str; 12] = [
    "Contoso",
    "Fabrikam",
    "Adventure Works",
    "Żubr & Syn",
    "Tailspin Toys",
    "株式会社ミツバ",
    "O'Hara Ltd.",
    "<null> GmbH",
    "شركة النور",
    "Çelik A.Ş.",
    "Wide World Importers",
    "Blue \"Yonder\" Airlines",
];

/// First name of a person.
pub fn first(g: &Generator, salt: u64, i: u32) -> (&'static str, &'static str) {
    g.pick(salt ^ 1, i, &FIRST)
}

/// Last name of a person.
pub fn last(g: &Generator, salt: u64, i: u32) -> (&'static str, &'static str) {
    g.pick(salt ^ 2, i, &LAST)
}

/// First and last name, as Dataverse joins them.
pub fn full(g: &Generator, salt: u64, i: u32) -> String {
    format!("{} {}", first(g, salt, i).0, last(g, salt, i).0)
}

/// A company's name; a number keeps most of them apart.
pub fn company(g: &Generator, salt: u64, i: u32) -> String {
    let name = g.pick(salt ^ 3, i, &COMPANY);
    match g.below(salt ^ 4, i, 20) {
        0 => name.to_owned(),
        1 => format!("  {name} {i} "),
        _ => format!("{name} {i}"),
    }
}

/// An e-mail address: seven in ten valid and unique, the rest missing, duplicate or malformed.
pub fn email(g: &Generator, salt: u64, i: u32) -> Value {
    let (first, last) = (first(g, salt, i).1, last(g, salt, i).1);
    match g.below(salt ^ 5, i, 100) {
        0..70 => format!(
            "{first}.{last}{i}@{}",
            g.pick(salt ^ 6, i, &["example.com", "contoso.example", "mail.example.org"])
        ),
        70..80 => return Value::Null,
        80..90 => format!("{last}@shared.example.com"),
        90 => format!("{first}@"),
        91 => format!("{first} {last}@example.com"),
        92 => format!("{last}@example..com"),
        93 => "n/a".to_owned(),
        94 => format!("@{last}.example"),
        95 => format!("{first}.{last}.example.com"),
        96 => format!("{first}@{last}@example.com"),
        97 => format!("{first},{last}@example.com;second@example.com"),
        98 => format!(" {}.{}{i}@EXAMPLE.COM ", first.to_uppercase(), last.to_uppercase()),
        _ => format!("\"{first}\" <{last}{i}@example.com>"),
    }
    .into()
}

/// A telephone number, often malformed.
pub fn phone(g: &Generator, salt: u64, i: u32) -> Value {
    let n = g.below(salt ^ 7, i, 10_000_000);
    match g.below(salt ^ 8, i, 20) {
        0..3 => return Value::Null,
        3..8 => format!("+90 532 {:03} {:04}", n / 10_000, n % 10_000),
        8..12 => format!("+1 (425) 555-{:04}", n % 10_000),
        12..15 => format!("0532{n:07}"),
        15 => format!("+49 89 {n} ext. {}", n % 100),
        16 => "call reception".to_owned(),
        17 => format!("{n:07}"),
        18 => format!("++1 425 555 {:04}", n % 10_000),
        _ => format!("٠٥٣٢{n:07}"),
    }
    .into()
}

/// A street and number.
pub fn street(g: &Generator, salt: u64, i: u32) -> String {
    format!("{} {}", g.pick(salt ^ 9, i, &STREETS), 1 + g.below(salt ^ 10, i, 300))
}

/// A memo: usually missing or short, full of specials; one in two thousand has 100 KB.
pub fn memo(g: &Generator, salt: u64, i: u32) -> Value {
    match g.below(salt ^ 11, i, 2000) {
        0 => "A long note; ünïcödé, 日本語 & <tags>. ".repeat(2048).into(),
        1..1200 => Value::Null,
        1200..1300 => "He said: \"Call me <after> 5 & before 7\"\\n\r\nTab:\tend".into(),
        1300..1350 => {
            "Emoji 👩‍👩‍👧 family, combining e\u{301}, zero\u{200b}width, rtl \u{202b}שלום\u{202c}".into()
        }
        1350..1400 => "]]> --> {\"json\": [1, null]} ' OR 1=1; -- {{template}} %00 \u{1}control".into(),
        _ => format!(
            "Met at the fair in {}. Likes {}.",
            2000 + i % 26,
            g.pick(salt, i, &["tea", "coffee", "çay", "maté"])
        )
        .into(),
    }
}
