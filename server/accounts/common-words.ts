/**
 * Words that people make passwords of, written without diacritics and in lower case: what stands first in every guesser's list,
 * Vietnamese and Khmer words of the kind, and names of places, offices and products around this program. Collected by hand.
 */
const TEXT = `
password passwort passcode pass pwd secret login logon welcome letmein changeme change default guest test tester testing demo sample user username account
admin administrator root superuser super sysadmin system manager operator support service server database oracle mysql postgres mssql cisco fortinet
fortigate mikrotik huawei windows microsoft office google gmail facebook zalo tiktok youtube apple iphone samsung android linux ubuntu debian centos
master monkey dragon shadow sunshine princess football baseball superman batman starwars pokemon naruto doraemon jordan michael charlie ashley jessica
daniel thomas hunter ranger tigger killer ninja mustang ferrari mercedes freedom whatever trustno hello iloveyou love lovely forever family friend
secure security private company business internet network computer laptop keyboard summer winter spring autumn monday friday sunday january december
qwerty azerty asdfgh zxcvbn qazwsx qweasd abc abcd abcdef
matkhau matma quantri quantrivien nguoidung dangnhap taikhoan hethong maychu mang baomat anninh antoan thongtin congnghe tinhoc vanphong vanthu lanhdao
giamdoc truongphong chuyenvien canbo congchuc viecchuc sobannganh uybannhandan ubnd hdnd tinhuy huyenuy thanhuy xaphuong congan quandoi sonoivu
sotttt sokhcn stttt sotaichinh soyte sogiaoduc vpubnd ttdl trungtam dulieu
vietnam hanoi saigon hochiminh tphcm danang haiphong cantho camau baclieu soctrang kiengiang angiang dongthap longan tiengiang bentre travinh vinhlong
haugiang hue quangnam quangngai binhdinh phuyen khanhhoa nhatrang dalat lamdong daklak gialai kontum nghean hatinh thanhhoa namdinh thaibinh ninhbinh
hanam hungyen haiduong quangninh halong bacninh bacgiang langson caobang laocai sapa yenbai sonla laichau dienbien hoabinh phutho vinhphuc thainguyen
tuyenquang hagiang backan binhduong binhphuoc dongnai tayninh bariavungtau vungtau binhthuan ninhthuan phanthiet quangbinh quangtri phuquoc rachgia
anhyeuem emyeuanh yeuem yeuanh toiyeuban tinhyeu hanhphuc giadinh conyeu meyeu bome cohoi maiyeu mailamai khongbiet khongco xinchao chaoban dogia
nguyen tran pham hoang phan huynh dang bui duong phuong thao linh huong trang ngoc minh tuan hung dung thang long nam khanh phuc hieu trung duc quang son
hoanganh tuananh ngocanh phuonganh minhanh thuha thuhang
campuchia cambodia kampuchea khmer phnompenh siemreap angkor battambang sihanoukville sronlanh snaeha sabay suostei akun
haidang lighthouse soc siem vnpt viettel mobifone vinaphone fpt igate ioffice eoffice egov chinhquyen dichvucong motcua lgsp ngsp socialist
`;

/** The words, each once. */
export const COMMON_WORDS: ReadonlySet<string> = new Set(TEXT.trim().split(/\s+/));
